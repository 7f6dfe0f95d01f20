"""The HTML report on a client: grade, scenarios, runs drawn to scale, and all of it in words."""

import re
from dataclasses import replace

import pytest

from contracts.findings import Grade, Judged, Verdict
from report import clients, verdicts
from report.test_page import Text, page_of, text_of


def section(page: str, start: str, end: str = "</article>") -> str:
    """The part of a page from one text to another."""
    return page[page.index(start) :].partition(end)[0]


def test_page_begins_with_the_grade() -> None:
    """Letter and score, the sentence, why it is no better."""
    page = page_of(clients.careless())
    assert 'aria-label="Grade D, 58 of 100"><b>D</b> <span>58 of 100</span>' in page
    assert "<title>D, 58 of 100: bash upscale.sh breaks 4 of the 19 rules it was tested on.</title>" in page
    text = text_of(clients.careless())
    assert "bash upscale.sh breaks 4 of the 19 rules it was tested on. It spends credits twice" in text
    assert "in 10 scenarios: 56 calls in 31 s" in text


def test_table_tells_how_each_run_ended() -> None:
    """With its calls, its jobs, what they cost, and its findings."""
    table = section(page_of(clients.careless()), '<table class="scenarios">', "</table>")
    rows = [re.sub(r"\s+", " ", "".join(Text(row).parts)).strip() for row in table.split("<tr>")]
    about = "The first upscale is accepted, and its answer is lost on the way."
    assert f"lost-reply {about} 5 2 40 exit status 0 after 6.8 s 1" in rows
    assert "credits-run-out There are no credits. 1 – – exit status 1 after 0.3 s none" in rows


def test_finding_shows_its_part_of_the_run() -> None:
    """A drawing to scale, with the gap named in it; links lead to the run and back."""
    page = page_of(clients.careless())
    finding = section(page, 'id="finding-3"')
    run = re.search('href="#run-([0-9]+)">upstream-limit<', finding)
    assert run is not None
    assert 'class="ring wrong"' in finding
    assert ">2 s, Retry-After says 15 s</text>" in finding
    assert '<li class="gap"><p>2 s, Retry-After says 15 s</p></li>' in finding
    told = section(page, f'id="run-{run[1]}"')
    assert ">3: 2 s, Retry-After says 15 s</text>" in told
    assert '<a href="#finding-3">Finding 3</a>' in told


def test_run_is_told_in_words_too() -> None:
    """Jobs, each call with its time, and what was printed."""
    text = text_of(clients.careless())
    job = "user:12345-pixverse:demo@example.com-video:11223301"
    assert f"job 1: {job}: QUEUED at +0.20 s, GENERATING at +1.10 s, COMPLETED at +3.70 s; 20 credits" in text
    assert "+2.50 s POST /v2/pixverse/videos/upscale 200" in text
    assert "curl: (56) Recv failure: Connection reset by peer" in text


def test_run_names_the_findings_that_are_told_of_another() -> None:
    """It broke the same rule, and only the first run tells how."""
    verdict = clients.careless()
    courses = [
        replace(course, broken=("process/status",) if course.scenario == "lost-reply" else ())
        for course in verdict.courses
    ]
    page = page_of(replace(verdict, courses=courses))
    told = section(page, ">lost-reply</h3>")
    assert re.findall("#finding-([0-9])", told) == ["1", "6", "7"]
    assert ">6</text>" not in told


def test_each_mark_has_a_title() -> None:
    """What it is, for who hovers over it."""
    page = page_of(clients.careless())
    drawn = re.findall(r'<g class="(?:mark|job|bracket)[^"]*">(?:<title>)?', section(page, 'id="runs"', "</main>"))
    assert len(drawn) > 60
    # Those of the keys below the drawings need none.
    keys = sum('<g class="mark' in each and "<title>" not in each for each in drawn)
    assert keys == len(re.findall('<li><svg class="course"', section(page, 'id="runs"', "</main>")))


def test_groups_are_about_clients() -> None:
    """The same names say other things of a provider."""
    text = text_of(clients.good())
    assert "answers what is borne" in text
    assert "callbacks what its receiver does" in text
    assert "callbacks what is sent to a replyUrl" in text_of(verdicts.failing())


def test_run_without_a_call_says_so() -> None:
    """Nothing is drawn."""
    page = page_of(clients.idle())
    assert page.count("<p>Nothing reached the mock.</p>") == 2
    assert "<svg" not in page


def test_thousands_of_calls_are_a_small_page() -> None:
    """And the words count them."""
    page = page_of(clients.flooding())
    assert len(page) < 120_000
    assert "9,995 times, every 3.1 ms, until +31.3 s" in page


def test_run_of_thousands_of_different_calls_is_cut_in_words() -> None:
    """Its start and its end are there."""
    run = clients.Run("x")
    for number in range(3_000):
        run.call(number / 10, "x", "GET", f"/{number}", 200)
    text = text_of(clients.verdict("x", [], [run.course("it ended", 300)], Grade("A", 100)))
    assert "GET /59 " in text
    assert "GET /60 " not in text
    assert "GET /2940 " in text
    assert "2,880 more steps: the HAR file has all calls." in text


def test_many_runs_are_bounded() -> None:
    """The table has all of them, and links to those that are told."""
    courses = [clients.Run(f"scenario-{number}", "").course("it ended", 1) for number in range(60)]
    page = page_of(clients.verdict("x", [], courses, Grade("A", 100)))
    assert 'href="#run-40"' in page
    assert "#run-41" not in page
    assert "scenario-59" in page


@pytest.mark.parametrize("verdict", [clients.careless(), clients.good(), clients.flooding(300), clients.idle()])
def test_page_needs_nothing_else_and_its_links_lead_somewhere(verdict: Verdict) -> None:
    """Ids are there once."""
    page = page_of(verdict)
    assert not re.findall(r"""(?:src|srcset|data|poster)\s*=|@import|url\((?!#)|<link|<base""", page)
    ids = re.findall(' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall('href="#([^"]+)"', page)) <= set(ids)


def test_call_that_reached_no_sandbox_is_drawn_with_its_finding() -> None:
    """It stands in the story, not in the run."""
    run = clients.Run("accepted")
    run.submit(1, 200)
    course = run.course("exit status 0 after 4 s", 4)
    lost = clients.Run("accepted").call(2, "", "GET", "/nowhere", 404)
    found = run.finding(clients.PACE, "a", "nowhere", [lost])
    judged = [Judged(clients.PACE, 1, [found])]
    page = page_of(clients.verdict("x", judged, [course], Grade("C", 70)))
    assert ">other calls</text>" in section(page, 'id="finding-1"')


def test_drawings_end_where_a_page_would_be_too_large() -> None:
    """Findings have their words all the same."""
    run = clients.Run("x")
    calls = [run.submit(number, 429 if number % 2 else 200) for number in range(80)]
    found = [run.finding(clients.PACE, "a", str(number), calls, at=number % 80) for number in range(100)]
    judged = [Judged(clients.PACE, 1, found)]
    page = page_of(clients.verdict("x", judged, [run.course("it ended", 80)], Grade("C", 70)))
    assert 0 < page.count('class="drawing"') < 101
    assert len(page) < 12_000_000


def test_provider_has_nothing_of_a_client() -> None:
    """Neither its style nor its words."""
    page = page_of(verdicts.failing())
    assert "svg.course" not in page
    assert "scenario" not in text_of(verdicts.failing())
