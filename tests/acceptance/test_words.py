"""What the commands print, whole, in both languages."""

from __future__ import annotations

import re

import pytest

from announce.texts import speak

CFP = "campaigns/cfp.yaml"

FIRST = {
    "en": """\
60 sent in N s.
In all:
  e-mail (sandbox): 58 sent
  official account (sandbox): 2 sent
  article zh: a draft; for real, somebody would publish it at https://mp.weixin.qq.com
  article en: a draft; for real, somebody would publish it at https://mp.weixin.qq.com
Look at it: `announce sandbox` opens the inbox and draft box; files in .announce/sandbox.
""",
    "zh": """\
已发 60 条，用时 N 秒。
总计：
  邮件（沙盒）：已发送 58
  公众号（沙盒）：已发送 2
  文章 zh：草稿；实际发送时请到 https://mp.weixin.qq.com 发布
  文章 en：草稿；实际发送时请到 https://mp.weixin.qq.com 发布
查看：运行 `announce sandbox`，打开收信箱和草稿箱；文件在 .announce/sandbox 中。
""",
}
AGAIN = {
    "en": """\
0 sent in N s.
In all:
  e-mail (sandbox): 58 sent
  official account (sandbox): 2 sent
  article zh: a draft; for real, somebody would publish it at https://mp.weixin.qq.com
  article en: a draft; for real, somebody would publish it at https://mp.weixin.qq.com
Nothing was due: all of these have been served before.
To rehearse from the start: announce sandbox --reset
Look at it: `announce sandbox` opens the inbox and draft box; files in .announce/sandbox.
""",
    "zh": """\
已发 0 条，用时 N 秒。
总计：
  邮件（沙盒）：已发送 58
  公众号（沙盒）：已发送 2
  文章 zh：草稿；实际发送时请到 https://mp.weixin.qq.com 发布
  文章 en：草稿；实际发送时请到 https://mp.weixin.qq.com 发布
没有要发的：以上此前都已发出。
如需从头演练：announce sandbox --reset
查看：运行 `announce sandbox`，打开收信箱和草稿箱；文件在 .announce/sandbox 中。
""",
}
KEYS = ["campaign", "occurrence", "digest", "sandbox", "deliveries", "totals", "problems"]
REHEARSAL = {
    "en": (
        "Rehearsal: e-mail, official account to the sandbox on this machine; nothing leaves it.\n"
    ),
    "zh": "演练（邮件、公众号）：发送到本机的沙盒，没有内容离开本机。\n",
}
UNCHANGED = {
    "en": "Nothing changed since this was sent to its end: it was not composed again.\n",
    "zh": "上次全部发完之后没有改动，因此没有重新生成消息。\n",
}


pytestmark = pytest.mark.usefixtures("language")


@pytest.fixture(params=["en", "zh"])
def language(request, monkeypatch) -> str:
    """The interface's language for one test."""
    monkeypatch.setenv("LANGUAGE", request.param)
    speak(request.param)
    return str(request.param)


def timeless(text: str) -> str:
    """Output without its seconds."""
    return re.sub(r"\d+\.\d(?= ?(s|秒))", "N", text)


def test_send_says_what_it_did(announce, project, language) -> None:
    """The first run: rehearsed first of all, then figures, then where to look."""
    ended = announce("send", CFP, cwd=project)

    assert (ended.code, timeless(ended.out), ended.err) == (0, FIRST[language], REHEARSAL[language])


def test_send_again_says_why_nothing_was_sent(announce, project, language) -> None:
    """The second run: 0 sent, the reason, and that nothing was composed for it."""
    announce("send", CFP, cwd=project)

    ended = announce("send", CFP, cwd=project)

    told = REHEARSAL[language] + UNCHANGED[language]
    assert (ended.code, timeless(ended.out), ended.err) == (0, AGAIN[language], told)


def test_unknown_command_is_guessed(announce, project) -> None:
    """A slip of the finger gets the nearest command."""
    ended = announce("staus", cwd=project)

    assert ended.code == 2
    assert "status" in ended.err


def test_json_is_alone_on_standard_output(announce, project) -> None:
    """One document there, people's text on standard error, in any language."""
    ended = announce("--json", "send", "--dry-run", CFP, cwd=project)

    assert list(ended.json) == KEYS


def test_fault_is_json_too(announce, project) -> None:
    """A command that ends with an error still prints one document."""
    path = project / CFP
    path.write_text(path.read_text(encoding="utf-8") + "titel: x\n", encoding="utf-8")

    ended = announce("--json", "send", CFP, cwd=project)

    assert ended.code == 2
    assert ended.json["error"]["exit_code"] == 2
    assert [problem["code"] for problem in ended.json["problems"]] == ["unknown-key"]
