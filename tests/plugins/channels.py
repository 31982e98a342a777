"""A push channel that keeps what it was given; the dummies build on it."""

from __future__ import annotations

import colander

from suwen.hookspecs.push import Category, ChannelInfo, Outcome, SendResult


class Channel:
    """Accepts everything."""

    settings_schema = colander.MappingSchema

    def __init__(self, code, title):
        self.info = ChannelInfo(code, title, "email", frozenset(Category))
        self.sent = []

    def check(self, ctx):
        return []

    def validate_address(self, value):
        return value

    def render(self, ctx, message, default):
        return default

    def send(self, ctx, jobs):
        self.sent += jobs
        return [SendResult(job.delivery_id, Outcome.ACCEPTED) for job in jobs]
