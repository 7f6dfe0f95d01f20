"""Any fault plan, any timing: the client against the mock itself, in process."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from client.stories import Story, stories, tell
from client.test_properties import Blind
from contracts.client import Client
from mockserver import Settings
from mockserver.scenario import Scenario


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_any_story_ends_well_or_in_the_right_error(story: Story) -> None:
    """Never two jobs for one wish, never sooner than 10 s after a 429, no call after the end, all by the deadline."""
    tell(story)


class BlindClient(Client):
    """Submits again what got no answer, without a look."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        ours = self._flows
        self._flows = Blind(ours._policy, ours._draw, ours._make_ref)


@pytest.fixture(scope="module")
def broken() -> str:
    """What is said of a client that submits blindly."""

    @settings(max_examples=1_000, derandomize=True, database=None, report_multiple_bugs=False)
    @given(stories(most_faults=2, deadlines=(60.0, 600.0), seeds=0))
    def story(story: Story) -> None:
        tell(story, BlindClient)

    with pytest.raises(AssertionError) as caught:
        story()
    return str(caught.value)


@pytest.mark.slow
def test_story_of_a_broken_rule_is_short_and_drawn(broken: str) -> None:
    """Its timeline has the lost answer, and both jobs that were accepted."""
    said, timeline, _ = broken.split("\n\n")
    assert "2 jobs for one wish" in said
    lines = [line for line in timeline.splitlines() if "POST /v2/pixverse/videos/upscale" in line]
    assert 2 <= len(lines) <= 3
    assert re.search("fault (lost-reply|connection-reset|no-answer)", lines[0])


@pytest.mark.slow
def test_file_of_a_broken_rule_replays(broken: str, tmp_path: Path) -> None:
    """The mock takes it for a scenario; told again it breaks the same rule, and not with a client that looks first."""
    text = broken.rpartition("\n\n")[2]
    file = tmp_path / "story.yaml"
    file.write_text(text, encoding="utf-8")
    assert Scenario.load(Settings(scenario=file).scenario)
    story = Story.of(text)
    assert str(story) == text
    with pytest.raises(AssertionError, match="2 jobs for one wish"):
        tell(story, BlindClient)
    tell(story)
