"""When an asset is made again without anyone asking. Each condition says what fires it, what
clears it, and what is lost if the run that it asks for fails.

The way from drop to page is one run that the `edge_drops` sensor asks for; nothing here takes part
in it. These conditions are the backstop.
"""

from collections.abc import Mapping

import dagster as dg

from sports_assets.keys import WHOLE_WAY_TAG


def on_new_code_or_late_input(
    own_way: Mapping[str, str] = WHOLE_WAY_TAG, optional: dg.AssetSelection | None = None
) -> dg.AutomationCondition[dg.AssetKey]:
    """For assets made from a session's own tables.

    Args:
        own_way: tag of the runs that make the asset with its inputs; a change by any other fires.
        optional: inputs that a session may never have; the asset is made without them, and made
            anew when they come.

    Fires: for a session whose input was made again with other content (a new `data_version`), as
        happens when someone materialises one asset alone; and for every session when the asset's
        `code_version` changes. An input made again with the same content fires nothing, nor does
        an input made by a run of the asset's own way, which makes the rest itself.
    Waits: while an input is missing or being made, or the asset itself; and then for a second look
        that finds it so. One look is not of one moment: Dagster reads what was made when the look
        begins, and what is being made later, so an asset that is finished in between seems neither.
        Without the second look a page was asked for twice.
    Clears: when the asset is requested or made, whoever asked.
    If that run fails: the request is spent, and the failed run stands in the run list; the next
        change of input or code fires again. A run of the whole way that fails is not asked for
        again from here: re-execute it in the UI, or send the drop corrected.
    """
    condition = dg.AutomationCondition
    changed = condition.any_deps_match(
        # Not `executed_with_tags`, which knows of an asset's last run alone: of sessions that come
        # in a row, it takes each but the last for made by someone else. (Until the first event of
        # a new instance this knows of no run at all; then it is the waiting that helps.)
        condition.data_version_changed()
        & ~condition.all_new_updates_have_run_tags(tag_values=own_way)
    ).with_label("an input changed its content")
    recoded = condition.code_version_changed().with_label("the code changed")
    handled = (
        condition.newly_requested() | condition.newly_updated() | condition.initial_evaluation()
    ).with_label("requested, made, or looked at for the first time")
    missing = condition.any_deps_missing()
    ready = (
        (changed | recoded).since(handled)
        & ~(missing if optional is None else missing.ignore(optional))
        & ~condition.any_deps_in_progress()
        & ~condition.in_progress()
    ).with_label("waits for nothing")
    return (
        ready & (~ready.newly_true()).with_label("so it was at the look before, too")
    ).with_label("on_new_code_or_late_input")


def on_new_sessions() -> dg.AutomationCondition[dg.AssetKey]:
    """For small tables without partitions that are made anew from every session's facts.

    Fires: once after facts of sessions changed their content, whoever made them, and when the
        asset's `code_version` changes. Sessions that come in a row fire once for all, at the end.
    Waits: while facts are being made, or the asset itself. Not for facts that are missing: one
        session that failed would hold up everybody's norms.
    Clears: at the look after it was requested, unless facts changed again in between. Not when it
        is made: what changed while it was being made would be forgotten.
    If that run fails: the request is spent; the next session fires again. Until then the table and
        its file stand as they were, and whoever reads the file says how old it is.
    """
    condition = dg.AutomationCondition
    changed = condition.any_deps_match(condition.data_version_changed()).with_label(
        "facts of a session changed their content"
    )
    recoded = condition.code_version_changed().with_label("the code changed")
    stale = changed | recoded
    handled = ((condition.newly_requested() & ~stale) | condition.initial_evaluation()).with_label(
        "requested at the look before and unchanged since, or looked at for the first time"
    )
    return (
        stale.since(handled) & ~condition.any_deps_in_progress() & ~condition.in_progress()
    ).with_label("on_new_sessions")
