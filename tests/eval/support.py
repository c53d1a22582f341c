"""How often chat answers what the articles answer, and refuses what they do not.

    python -m tests.eval.support
    python -m tests.eval.support --handbook FOLDER
    python -m tests.eval.support --fit
    python -m tests.eval.support --knowledge FOLDER --answered "…?" --refused "…?"

Search and its encoder are the real ones, in a temporary folder. `--handbook` asks again with the
18F handbook imported beside the demo articles. `--fit` prints the weights that fit the tuning
questions best; `--show` prints every miss. Exits 1 below a goal of `tests/eval/questions.py`, or
when an answer comes without a citation.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.chat.answer.chain import ComposedAnswer
from services.chat.answer.support import signals
from services.chat.domain import AnswerOutcome
from tests.eval.fitting import fitted_weights
from tests.eval.knowledge import DirectKnowledge, knowledge_of
from tests.eval.questions import (
    DEMO,
    GOALS,
    GOALS_BESIDE,
    TENANTS,
    Goal,
    Question,
    demo_questions,
    handbook_questions,
)

DEMO_FOLDERS = {tenant: [DEMO / tenant / "knowledge"] for tenant in TENANTS}


@dataclass
class Tally:
    answerable: int = 0
    answered: int = 0
    cited_right: int = 0
    unanswerable: int = 0
    refused: int = 0
    uncited: int = 0
    misses: list[str] = field(default_factory=list)

    def count(self, question: Question, answer: ComposedAnswer) -> None:
        is_answered = answer.outcome is AnswerOutcome.ANSWERED
        self.uncited += is_answered and not answer.citations
        if question.is_answerable:
            self.answerable += 1
            self.answered += is_answered
            self.cited_right += question.document in _cited(answer)
        else:
            self.unanswerable += 1
            self.refused += not is_answered
        if is_answered != question.is_answerable:
            self.misses.append(f"{question.tenant}: {question.text}")

    def meets(self, goal: Goal) -> bool:
        return (
            self.uncited == 0
            and self.answered >= goal.answered * self.answerable
            and self.refused >= goal.refused * self.unanswerable
        )


async def evaluate(knowledge: DirectKnowledge, questions: Sequence[Question]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for question in questions:
        answer = await knowledge.answer(question.tenant, question.text)
        tallies.setdefault(question.group, Tally()).count(question, answer)
    return tallies


async def print_weights(knowledge: DirectKnowledge) -> None:
    questions = [one for one in demo_questions() if one.is_for_tuning]
    found = [await knowledge.found_for(one.tenant, one.text) for one in questions]
    known = [signals(one.text, had.passages) for one, had in zip(questions, found, strict=True)]
    weights = fitted_weights(known, [one.is_answerable for one in questions])
    sys.stdout.writelines(f"{name} = {weight}\n" for name, weight in weights.items())


async def run(arguments: argparse.Namespace) -> bool:
    if arguments.knowledge:
        questions = [Question(text, "tenant", is_answerable=True) for text in arguments.answered]
        questions += [Question(text, "tenant", is_answerable=False) for text in arguments.refused]
        async with knowledge_of({"tenant": [arguments.knowledge]}) as knowledge:
            tallies = await evaluate(knowledge, questions)
        return _report("given questions", tallies, GOALS, show=arguments.show)
    async with knowledge_of(DEMO_FOLDERS) as knowledge:
        if arguments.fit:
            await print_weights(knowledge)
            return True
        tallies = await evaluate(knowledge, demo_questions())
    is_good = _report("demo articles", tallies, GOALS, show=arguments.show)
    if arguments.handbook:
        folders = {name: [*own, arguments.handbook] for name, own in DEMO_FOLDERS.items()}
        questions = [one for one in demo_questions() if not one.answered_by_handbook]
        async with knowledge_of(folders) as knowledge:
            tallies = await evaluate(knowledge, questions + handbook_questions())
        title = "demo articles with the handbook beside"
        is_good = _report(title, tallies, GOALS_BESIDE, show=arguments.show) and is_good
    return is_good


def _report(
    title: str, tallies: Mapping[str, Tally], goals: Mapping[str, Goal], *, show: bool
) -> bool:
    columns = ("questions", "answered", "from the labelled article", "refused", "goal", "")
    table = Table(*columns, title=title)
    for name, tally in tallies.items():
        goal = goals[name]
        table.add_row(
            name,
            _share(tally.answered, tally.answerable),
            str(tally.cited_right) if tally.cited_right else "",
            _share(tally.refused, tally.unanswerable),
            f"{goal.answered:.0%} / {goal.refused:.0%}",
            "" if tally.meets(goal) else "missed",
        )
    Console(width=110).print(table)
    if show:
        for name, tally in tallies.items():
            sys.stdout.writelines(f"{name}: {miss}\n" for miss in tally.misses)
    return all(tally.meets(goals[name]) for name, tally in tallies.items())


def _share(count: int, total: int) -> str:
    return f"{count}/{total} {count / total:.0%}" if total else ""


def _cited(answer: ComposedAnswer) -> set[str]:
    return {Path(citation.source_uri).stem for citation in answer.citations}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures when chat answers and when it refuses.")
    parser.add_argument("--handbook", type=Path, help="a folder to import beside the demo")
    parser.add_argument("--fit", action="store_true", help="print the weights that fit best")
    parser.add_argument("--knowledge", type=Path, help="a folder of Markdown instead of the demo")
    parser.add_argument("--answered", action="append", default=[], metavar="QUESTION")
    parser.add_argument("--refused", action="append", default=[], metavar="QUESTION")
    parser.add_argument("--show", action="store_true", help="print every miss")
    sys.exit(0 if asyncio.run(run(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
