"""Sorts stages by what they read, finds cycles, and lists what a stage depends on."""

from collections.abc import Iterable, Mapping

from synth_assets.core.stage import Stage


def with_upstream(stages: Mapping[str, Stage], name: str) -> tuple[str, ...]:
    """Return a stage, after those it reads and those they read, in their order."""
    included = {name}
    for each in reversed(list(stages)):
        if each in included:
            included.update(stages[each].inputs())
    return tuple(each for each in stages if each in included)


def topological_order(inputs: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str]]:
    """Return the names, each after what it reads and otherwise as given; and a cycle, empty where there is none."""
    order: list[str] = []
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in order or name not in inputs:
            return []
        if name in path:
            return [*path[path.index(name) :], name]
        path.append(name)
        for upstream in inputs[name]:
            if cycle := visit(upstream):
                return cycle
        order.append(path.pop())
        return []

    for name in inputs:
        if cycle := visit(name):
            return order, cycle
    return order, []
