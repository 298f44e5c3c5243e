"""Every endpoint that the emulator has, by family."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.drafts import Drafts
from announce.sandbox.wechat.mass import Masses
from announce.sandbox.wechat.mass_jobs import MassJobs, MassScript
from announce.sandbox.wechat.materials import Materials
from announce.sandbox.wechat.notices import Notices
from announce.sandbox.wechat.population import Population
from announce.sandbox.wechat.protocol import Call
from announce.sandbox.wechat.publishing import Publishing
from announce.sandbox.wechat.quotas import Quotas
from announce.sandbox.wechat.rules import Profile
from announce.sandbox.wechat.state import State
from announce.sandbox.wechat.tags import Tags
from announce.sandbox.wechat.users import Users

Endpoint = Callable[[Call], HttpReply]


class Families:
    """The calls of one account, a family each; `delay` is how long jobs take."""

    def __init__(self, state: State, account: Account, profile: Profile, delay: timedelta) -> None:
        self.materials = Materials(state, account)
        self.drafts = Drafts(state, account, profile, self.materials)
        self.publishing = Publishing(state, account, delay)
        self.mass_script = MassScript()
        self.masses = Masses(state, account, self.materials, self.mass_script, delay)
        self.mass_jobs = MassJobs(state, account)
        self.quotas = Quotas(state, account)
        self.population = Population(state, account.app_id)
        self.users = Users(state, account)
        self.tags = Tags(state, account)
        self.notices = Notices(state, account)

    def endpoints(self) -> dict[str, tuple[str, Endpoint]]:
        """Path below /cgi-bin/ → method and what answers. Tokens are the server's own."""
        return {**self._articles(), **self._sending(), **self._people(), **self._about()}

    def _articles(self) -> dict[str, tuple[str, Endpoint]]:
        materials, drafts, publishing = self.materials, self.drafts, self.publishing
        return {
            "media/uploadimg": ("POST", materials.upload_body_picture),
            "media/upload": ("POST", materials.add_temporary),
            "material/add_material": ("POST", materials.add),
            "material/get_material": ("POST", materials.get),
            "material/batchget_material": ("POST", materials.page),
            "material/get_materialcount": ("GET", materials.count),
            "material/del_material": ("POST", materials.delete),
            "draft/add": ("POST", drafts.add),
            "draft/update": ("POST", drafts.update),
            "draft/get": ("POST", drafts.get),
            "draft/batchget": ("POST", drafts.page),
            "draft/count": ("GET", drafts.count),
            "draft/delete": ("POST", drafts.delete),
            "freepublish/submit": ("POST", publishing.submit),
            "freepublish/get": ("POST", publishing.get),
            "freepublish/batchget": ("POST", publishing.page),
            "freepublish/getarticle": ("POST", publishing.article),
            "freepublish/delete": ("POST", publishing.delete),
        }

    def _sending(self) -> dict[str, tuple[str, Endpoint]]:
        masses, jobs, notices = self.masses, self.mass_jobs, self.notices
        return {
            "message/mass/sendall": ("POST", masses.send_all),
            "message/mass/send": ("POST", masses.send),
            "message/mass/preview": ("POST", masses.preview),
            "message/mass/get": ("POST", jobs.get),
            "message/mass/delete": ("POST", jobs.delete),
            "message/mass/speed/get": ("POST", jobs.speed),
            "message/mass/speed/set": ("POST", jobs.set_speed),
            "message/template/send": ("POST", notices.send_template),
            "message/subscribe/bizsend": ("POST", notices.send_subscribed),
            "template/get_all_private_template": ("GET", notices.listed),
        }

    def _people(self) -> dict[str, tuple[str, Endpoint]]:
        users, tags = self.users, self.tags
        return {
            "user/get": ("GET", users.page),
            "user/info": ("GET", users.one),
            "user/info/batchget": ("POST", users.several),
            "user/tag/get": ("POST", tags.people),
            "tags/create": ("POST", tags.create),
            "tags/get": ("GET", tags.all),
            "tags/update": ("POST", tags.update),
            "tags/delete": ("POST", tags.delete),
            "tags/members/batchtagging": ("POST", tags.tag),
            "tags/members/batchuntagging": ("POST", tags.untag),
            "tags/getidlist": ("POST", tags.of_one),
        }

    def _about(self) -> dict[str, tuple[str, Endpoint]]:
        return {
            "clear_quota": ("POST", self.quotas.clear),
            "openapi/quota/get": ("POST", self.quotas.get),
            "openapi/rid/get": ("POST", self.quotas.refused),
        }
