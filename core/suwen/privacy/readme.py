"""What stands beside the data in a member's copy: both languages, whatever the reader's."""

from __future__ import annotations

from typing import Final

README: Final = """\
素问：您的个人信息副本
======================

这份文件由您本人申请，只包含与您（以及由您管理的家人）有关的信息，不含他人的信息。

data.json        全部内容
data/*.json      同样的内容，每个部分一个文件（UTF-8）
reports/         已发布的检测报告（PDF）

金额以“分”为单位；时间为带时区的 ISO 8601 格式。
推荐返现只列出级别、金额与日期，不含被推荐人的任何信息。
请妥善保管：其中有健康信息。


Suwen: the copy of your personal data
=====================================

You asked for this file. It holds what concerns you, and the relatives you act for, and nothing
about anybody else.

data.json        everything
data/*.json      the same, one file for each part (UTF-8)
reports/         reports that were released (PDF)

Amounts are in fen (1/100 yuan); times are ISO 8601 with an offset.
Commissions show level, amount and day; nothing about those who were recommended.
Keep it safe: it holds health data.
"""
