"""The tables of the emulator's database: each is made when it is not there yet.

A table is never changed, only joined by another: folders of older versions must open.
"""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS identity (app_id TEXT PRIMARY KEY, app_secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, app_id TEXT NOT NULL, kind TEXT NOT NULL,
    expires REAL NOT NULL, superseded REAL);
CREATE TABLE IF NOT EXISTS forced (app_id TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS materials (
    number INTEGER PRIMARY KEY, media_id TEXT UNIQUE NOT NULL, app_id TEXT NOT NULL,
    kind TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, file TEXT NOT NULL,
    at REAL NOT NULL, lasting INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settling (media_id TEXT PRIMARY KEY, calls INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (name TEXT PRIMARY KEY, file TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (
    number INTEGER PRIMARY KEY, media_id TEXT UNIQUE NOT NULL, app_id TEXT NOT NULL,
    articles TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, size INTEGER NOT NULL, errcode INTEGER, fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refusals (
    rid TEXT PRIMARY KEY, app_id TEXT NOT NULL, at REAL NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, peer TEXT NOT NULL, reply TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    app_id TEXT NOT NULL, path TEXT NOT NULL, period TEXT NOT NULL, used INTEGER NOT NULL,
    PRIMARY KEY (app_id, path, period));
CREATE TABLE IF NOT EXISTS publications (
    number INTEGER PRIMARY KEY, app_id TEXT NOT NULL, media_id TEXT NOT NULL,
    articles TEXT NOT NULL, submitted REAL NOT NULL, due REAL NOT NULL,
    status INTEGER NOT NULL, outcome INTEGER NOT NULL, failed TEXT NOT NULL,
    article_id TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS masses (
    number INTEGER PRIMARY KEY, app_id TEXT NOT NULL, client_id TEXT NOT NULL,
    asked REAL NOT NULL, kind TEXT NOT NULL, media_id TEXT NOT NULL, articles TEXT NOT NULL,
    words TEXT NOT NULL, audience TEXT NOT NULL, to_all INTEGER NOT NULL,
    submitted REAL NOT NULL, due REAL NOT NULL, state TEXT NOT NULL, outcome TEXT NOT NULL,
    reprint INTEGER NOT NULL, counts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS received (
    app_id TEXT NOT NULL, mass INTEGER NOT NULL, openid TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (mass, openid));
CREATE TABLE IF NOT EXISTS followers (
    app_id TEXT NOT NULL, openid TEXT NOT NULL, since REAL NOT NULL,
    subscribed INTEGER NOT NULL, refuses INTEGER NOT NULL, PRIMARY KEY (app_id, openid));
CREATE TABLE IF NOT EXISTS tags (
    app_id TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (app_id, id));
CREATE TABLE IF NOT EXISTS tagged (
    app_id TEXT NOT NULL, tag INTEGER NOT NULL, openid TEXT NOT NULL,
    PRIMARY KEY (app_id, tag, openid));
CREATE TABLE IF NOT EXISTS templates (
    app_id TEXT NOT NULL, template_id TEXT NOT NULL, use TEXT NOT NULL, title TEXT NOT NULL,
    content TEXT NOT NULL, PRIMARY KEY (app_id, template_id));
CREATE TABLE IF NOT EXISTS credits (
    app_id TEXT NOT NULL, openid TEXT NOT NULL, template_id TEXT NOT NULL,
    remaining INTEGER NOT NULL, PRIMARY KEY (app_id, openid, template_id));
CREATE TABLE IF NOT EXISTS notices (
    number INTEGER PRIMARY KEY, app_id TEXT NOT NULL, kind TEXT NOT NULL, openid TEXT NOT NULL,
    at REAL NOT NULL, title TEXT NOT NULL, words TEXT NOT NULL, client_id TEXT NOT NULL,
    articles TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, app_id TEXT NOT NULL, at REAL NOT NULL, xml TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (
    app_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (app_id, name));
CREATE INDEX IF NOT EXISTS masses_by_client ON masses (app_id, client_id);
CREATE INDEX IF NOT EXISTS received_by_reader ON received (app_id, openid);
CREATE INDEX IF NOT EXISTS notices_by_client ON notices (app_id, openid, client_id);
"""
