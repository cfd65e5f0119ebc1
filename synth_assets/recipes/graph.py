"""The order in which stages can be made, or the circle that leaves none; and what a stage follows from."""

from collections.abc import Iterable, Mapping

from synth_assets.core.stage import Stage


def with_upstream(stages: Mapping[str, Stage], name: str) -> tuple[str, ...]:
    """A stage, and before it those it reads and those they read, in their order."""
    wanted = {name}
    for each in reversed(list(stages)):
        if each in wanted:
            wanted.update(stages[each].inputs())
    return tuple(each for each in stages if each in wanted)


def in_order(inputs: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str]]:
    """The names, each after what it reads and else as they were given; and a circle, if there is one."""
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
