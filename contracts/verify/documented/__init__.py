"""Every answer that the contract documents is provoked where that can be, and compared with it."""

from functools import partial

from contracts.contract import Answer, Contract, Example, Operation
from contracts.findings import Call, Rule
from contracts.provider import NotAllowed
from contracts.provider.http import header, value_of
from contracts.verify.documented import tokens
from contracts.verify.documented.scene import Impossible, Scene
from contracts.verify.documented.ways import WAYS, Provoked, by_fault, by_trigger, unauthorized
from contracts.verify.evidence import finding, words
from contracts.verify.situation import Situation

GROUP = "documented"
RULES = tokens.RULES


def rules_from(contract: Contract) -> list[Rule]:
    """A rule for each example of each answer, and those of the tokens."""
    return [
        *(rule_of(operation, answer, example) for operation, answer, example in _examples(contract)),
        *tokens.RULES,
    ]


def rule_of(operation: Operation, answer: Answer, example: Example) -> Rule:
    """The rule that an example makes."""
    return Rule(
        f"{GROUP}/{operation.id}/{answer.status}/{example.name}",
        GROUP,
        f"{operation.id} answers {answer.status} as documented: {example.summary or answer.description}",
        example.provenance,
        example.pointer,
    )


def run(situation: Situation) -> None:
    """Provoke and compare."""
    for number, (operation, answer, example) in enumerate(_examples(situation.contract)):
        rule = rule_of(operation, answer, example)
        if not situation.wanted(rule):
            continue
        try:
            call, provoked, scene = _provoke(situation, operation, answer, example, number)
        except (Impossible, NotAllowed) as reason:
            situation.ledger.skips(rule, str(reason))
            continue
        broken = _compare(call, provoked, answer, example)
        if broken is None:
            situation.ledger.passes(rule)
        else:
            story = [*scene.world.deeds, *([] if call in scene.world.deeds else [call])]
            situation.ledger.fails(finding(rule, operation.id, broken[0], broken[1], story, scene.world.prelude))
    tokens.run(situation)


def _examples(contract: Contract) -> list[tuple[Operation, Answer, Example]]:
    return [
        (operation, answer, example)
        for operation in contract.operations.values()
        for answer in operation.answers.values()
        for media in answer.media.values()
        for example in media.examples.values()
    ]


def _provoke(
    situation: Situation, operation: Operation, answer: Answer, example: Example, number: int
) -> tuple[Call, Provoked, Scene]:
    """The answer by state, else by a trigger, else by a fault. Raises Impossible and NotAllowed with a reason."""
    scene = Scene(situation, situation.world(GROUP, number))
    reason = "nothing of the documented calls leads there"
    way = WAYS.get((operation.id, answer.status, example.name))
    if example.name == "unauthorized":
        way = partial(unauthorized, operation.id)
    if way is not None:
        try:
            provoked = way(scene)
        except Impossible as found:
            reason = str(found)
        else:
            return provoked.call, provoked, scene
    if situation.control is None:
        raise Impossible(reason)
    provoked = by_trigger(scene, operation, answer.status, example.name) or by_fault(
        scene, operation, answer.status, example.name
    )
    return provoked.call, provoked, scene


def _compare(call: Call, provoked: Provoked, answer: Answer, example: Example) -> tuple[str, str] | None:
    """What was expected and what came, None if they agree."""
    got = call.got
    text = example.filled(provoked.values)
    expected = f"{answer.status} {text}" if text else f"{answer.status}, {example.summary or answer.description}"
    if got.status != answer.status:
        return expected, words(got)
    name = (header(got, "Content-Type") or "").partition(";")[0].strip().lower()
    media = answer.media.get(name)
    if media is None:
        return f"{expected}, as {' or '.join(answer.media)}", f"content type {name or 'missing'}: {words(got)}"
    value = value_of(got)
    if errors := media.schema.errors(value):
        return f"{expected}, of the schema at {media.schema.pointer}", f"{'; '.join(errors)}: {words(got)}"
    if text is not None and not (isinstance(value, dict) and example.fits(str(value.get("error")), provoked.values)):
        return expected, words(got)
    for key, wanted in provoked.holds.items():
        if not isinstance(value, dict) or value.get(key) != wanted:
            return f"{answer.status} with {key} {wanted!r}", words(got)
    return None


__all__ = ["RULES", "rule_of", "rules_from", "run"]
