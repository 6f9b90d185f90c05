"""The list of tasks: in the order of use, a line for each."""

from __future__ import annotations

from windlass.cli.listing import grouped

TASKS = {"status": "Show what is live.", "deploy": "Put a revision live; visitors notice nothing."}
GROUPS = {"Go": ("deploy", "later"), "Look": ("status",)}


def test_tasks_come_in_the_order_given_below_their_groups_title() -> None:
    assert list(grouped(TASKS, GROUPS, 80)) == [
        "Go:",
        "  deploy  Put a revision live; visitors notice nothing.",
        "Look:",
        "  status  Show what is live.",
    ]


def test_a_task_that_no_group_names_is_listed_all_the_same() -> None:
    assert list(grouped(TASKS, {"Go": ("deploy",)}, 80))[-2:] == ["Others:", "  status  Show what is live."]


def test_a_narrow_terminal_breaks_a_summary_below_itself() -> None:
    assert list(grouped(TASKS, GROUPS, 40))[1:3] == [
        "  deploy  Put a revision live; visitors",
        "          notice nothing.",
    ]
