"""Tests that are marked as not for what is being tested: `pytest.mark.NAME(reason)`."""


def leave_out(config, items, mark):
    """Deselects those that bear the mark, in place, and tells pytest of it."""
    left_out = [i for i in items if i.get_closest_marker(mark)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [i for i in items if i not in left_out]
