"""The text that psql is given; that PostgreSQL holds to it is tested on a real one."""

from __future__ import annotations

from windlass.commands.undo import executed, in_one_transaction


def test_a_statement_is_run_where_it_cannot_end_the_transaction() -> None:
    assert executed("COMMIT") == "DO $windlass$ BEGIN EXECUTE $sql$COMMIT$sql$; END $windlass$;"


def test_a_statement_that_holds_our_quotes_gets_others() -> None:
    quoted = executed("DO $sql$ BEGIN END $sql$ -- $windlass$")
    assert quoted == (
        "DO $windlass_$ BEGIN EXECUTE $sql_$DO $sql$ BEGIN END $sql$ -- $windlass$$sql_$; END $windlass_$;"
    )


def test_the_lock_timeout_is_the_transactions_own() -> None:
    text = in_one_transaction(["SELECT 1"], before="SELECT 0;", after="SELECT 2;", lock_timeout=1.5).text
    assert text.splitlines()[1:-1] == [
        "SET LOCAL lock_timeout = '1500ms';",
        "SELECT 0;",
        "DO $windlass$ BEGIN EXECUTE $sql$SELECT 1$sql$; END $windlass$;",
        "SELECT 2;",
    ]
