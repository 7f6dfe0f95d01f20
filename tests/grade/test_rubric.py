"""The rubric on journals written by hand: what breaks each rule, what holds, and what says nothing."""

import pytest

from contracts.contract.document import Document
from contracts.grade.journal import Journal
from contracts.grade.judging import judge, rules
from grade.journals import Script, broken, outcome

GET = "/v2/pixverse/videos/"


def good() -> Script:
    """A client that does it right, as far as it goes."""
    return Script().submit(0, makes=7).get(0.5, 7).get(10.5, 7, "COMPLETED")


def test_a_good_run_breaks_nothing() -> None:
    """What is exercised holds, and the grade is the best."""
    verdict = good().judged(11)
    assert broken(verdict) == set()
    assert verdict.grade is not None
    assert (verdict.grade.letter, verdict.grade.score) == ("A", 100)
    assert {
        "token/sent",
        "submit/made",
        "polling/pace",
        "polling/processing",
        "ending/completed",
        "process/status",
    } <= {each.rule.id for each in verdict.judged if each.checks}


def test_nothing_done_is_no_good_grade() -> None:
    """A client that does nothing fails, though it broke nothing else."""
    verdict = Script().judged(1)
    assert broken(verdict) == {"submit/made"}
    assert verdict.grade is not None
    assert verdict.grade.letter == "F"


def test_who_never_sees_an_end_gets_no_better_than_a_c() -> None:
    """It has broken nothing, but most was not exercised."""
    verdict = Script().submit(0, makes=7).judged(0.1)
    assert broken(verdict) == {"ending/followed"}
    assert verdict.grade is not None
    assert verdict.grade.letter == "C"


def test_every_rule_points_into_the_contract() -> None:
    """And says why it matters and what to do instead; ids are unique, their first part is the group."""
    document = Document.load()
    for rule in rules():
        assert document.at(rule.pointer).node, rule.id
        assert rule.why, rule.id
        assert rule.instead, rule.id
        assert rule.sentence.endswith("."), rule.id
        assert rule.id.startswith(f"{rule.group}/")
    assert len({rule.id for rule in rules()}) == len(rules())


def outside(script: Script, at: float, **more: object) -> Script:
    """A call that reaches no sandbox."""
    script.call(at, "GET", "/v2/pixverse/videos", 401, {"error": "no"}, operation="listVideos", outside=True, **more)
    return script


def test_a_call_without_token() -> None:
    """It is told from one with the wrong token."""
    verdict = outside(good(), 5, headers=[]).judged(11)
    assert broken(verdict) == {"token/sent"}
    assert "without Authorization" in verdict.findings[0].got


def test_a_call_with_another_token() -> None:
    """What was sent is told, masked."""
    verdict = outside(good(), 5, headers=[["authorization", "Token user:12345-***"]]).judged(11)
    assert broken(verdict) == {"token/sent"}
    assert "Token user:12345-***" in verdict.findings[0].got


def test_calls_of_others_outside_are_not_this_clients() -> None:
    """Those that name another user, or came before it began or after it ended."""
    script = outside(good(), 5, headers=[["authorization", "Token user:777-***"]])
    assert broken(outside(script, 50, headers=[]).judged(11)) == set()


def test_a_token_in_the_query() -> None:
    """It is known by its place alone: the journal masks it."""
    script = good()
    script.call(5, "GET", "/v2/pixverse/videos", 200, {"data": []}, operation="listVideos", masked=["query:token"])
    assert broken(script.judged(11)) == {"token/not-in-url"}


def test_a_token_sent_with_a_download() -> None:
    """Files lie on another host."""
    assert broken(good().download(10.7, 7, token=True).judged(11)) == {"token/kept"}
    assert outcome(good().download(10.7, 7).judged(11), "token/kept") == "passed"


def test_a_token_that_went_elsewhere() -> None:
    """As an interception sees it."""
    assert broken(good().judged(11, strangers=["example.com"])) == {"token/kept"}


def test_a_path_that_is_not_there() -> None:
    """It counts where an operation is near; anything else may be any page."""
    script = good()
    near = {"operation": "upscaleVideo", "method": "POST", "path": "/v2/pixverse/videos/upscale", "differs": "the path"}
    script.call(5, "POST", "/v1/pixverse/videos/upscale", 404, None, nearest=near)
    assert broken(script.judged(11)) == {"requests/operation"}
    script = good()
    script.call(5, "GET", "/favicon.ico", 404, None, nearest=None)
    assert broken(script.judged(11)) == set()


def violation(where: str, sentence: str) -> list[dict[str, str]]:
    """One as the journal has it."""
    return [{"where": where, "pointer": "", "rule": "x", "sentence": sentence, "value": "x"}]


def test_a_body_that_does_not_fit() -> None:
    """The mock's own sentence tells what is wrong."""
    wrong = violation("body", "maxJobs must be at most 8, got 20")
    verdict = good().submit(11, 400, violations=wrong).judged(12, 1)
    assert broken(verdict) == {"requests/valid"}
    assert "at most 8" in verdict.findings[0].got


def test_a_content_type_that_is_none() -> None:
    """It is a rule of its own, and no other."""
    wrong = violation("header", "Content-Type must be application/json, got text/plain")
    assert broken(good().submit(11, 400, violations=wrong).judged(12, 1)) == {"requests/content-type"}


def test_an_encoded_id() -> None:
    """It is a rule of its own, and no other."""
    script = good()
    path = f"{GET}user%3A12345-pixverse%3Ademo%40example.com-video%3A7"
    wrong = violation("path", "video_id must be raw")
    script.call(5, "GET", path, 400, None, operation="getVideo", violations=wrong)
    assert broken(script.judged(11)) == {"requests/raw-id"}


def test_unknown_fields_are_a_note() -> None:
    """They are told, and don't count."""
    verdict = Script().submit(0, makes=7, fields={"reply_url": "x"}).get(10, 7, "COMPLETED").judged(11)
    assert broken(verdict) == {"requests/known-fields"}
    assert not verdict.errors


class TestLostAnswers:
    """An upscale whose answer never came."""

    def test_submitted_again_at_once(self) -> None:
        """Both jobs were accepted: the credits were paid twice."""
        script = Script().submit(0, makes=7, wire="reset").submit(1, makes=8).get(11, 8, "COMPLETED")
        verdict = script.judged(12)
        assert broken(verdict) == {"submit/once"}
        assert "20 credits were paid twice" in verdict.findings[0].got

    def test_submitted_again_after_a_look_that_showed_it(self) -> None:
        """It has looked, but not seen."""
        script = Script().submit(0, makes=7, wire="reset").list(1, {7: "QUEUED"}).submit(2, makes=8)
        assert "submit/once" in broken(script.get(12, 8, "COMPLETED").judged(13))

    def test_looked_for_and_found(self) -> None:
        """That is how it is done."""
        script = Script().submit(0, makes=7, wire="reset").list(1, {7: "QUEUED"}).get(11, 7, "COMPLETED").judged(12)
        assert broken(script) == set()
        assert outcome(script, "submit/once") == "passed"

    def test_given_up(self) -> None:
        """An end with an error costs nothing more."""
        verdict = Script().submit(0, makes=7, wire="empty").judged(1, 1)
        assert broken(verdict) == set()
        assert outcome(verdict, "submit/once") == "passed"

    def test_another_wish_is_no_repetition(self) -> None:
        """Another replyRef asks for something else."""
        script = Script().submit(0, makes=7, wire="reset", fields={"replyRef": "a"})
        script.submit(1, makes=8, fields={"replyRef": "b"}).get(11, 8, "COMPLETED")
        assert "submit/once" not in broken(script.judged(12))

    def test_not_accepted_and_looked_for(self) -> None:
        """Nothing is there, so it is sent again."""
        script = Script().submit(0, 0, wire="reset").list(1).submit(2, makes=8).get(12, 8, "COMPLETED")
        assert broken(script.judged(13)) == set()


class TestBusy:
    """429."""

    @pytest.mark.parametrize(
        ("waited", "rules"), [(2.0, {"busy/wait"}), (9.8, {"busy/wait"}), (9.95, set()), (10, set())]
    )
    def test_the_wait(self, waited: float, rules: set[str]) -> None:
        """Timers fire early: 0.1 s are forgiven."""
        script = Script().submit(0, 429).submit(waited, makes=7).get(waited + 10, 7, "COMPLETED")
        assert broken(script.judged(waited + 11)) == rules

    def test_the_wait_is_named_and_drawn(self) -> None:
        """The finding has the gap, in milliseconds of the client's time."""
        verdict = Script().submit(0, 429).submit(2, makes=7).get(12, 7, "COMPLETED").judged(13)
        [finding] = verdict.findings
        assert finding.gap is not None
        assert (finding.gap.start, finding.gap.end) == pytest.approx((0, 2_000), abs=2)
        assert "2.0 s" in finding.gap.label

    @pytest.mark.parametrize(
        ("after", "waited", "rules"), [("30", 12, {"busy/wait"}), ("3", 3, set()), ("soon", 10, set())]
    )
    def test_retry_after_is_what_counts(self, after: str, waited: float, rules: set[str]) -> None:
        """Longer or shorter than the page's 10 s; what is no number says nothing."""
        script = Script().submit(0, 429, answer_headers=[["Retry-After", after]]).submit(waited, makes=7)
        assert broken(script.get(waited + 10, 7, "COMPLETED").judged(waited + 11)) == rules

    def test_waits_are_measured_from_the_end_of_the_answer(self) -> None:
        """A slow answer is not the client's wait."""
        script = Script().submit(0, 429, took=5).submit(12, makes=7).get(22, 7, "COMPLETED")
        assert broken(script.judged(23)) == {"busy/wait"}

    def test_a_scale_stretches_the_gaps(self) -> None:
        """Half a second of a client whose waits were divided by 20 are ten."""
        script = Script().submit(0, 429).submit(0.5, makes=7, lasts=0.1).get(1.0, 7, "COMPLETED")
        assert broken(script.judged(1.1, scale=20)) == set()
        script = Script().submit(0, 429).submit(0.2, makes=7, lasts=0.1).get(0.7, 7, "COMPLETED")
        assert broken(script.judged(0.8, scale=20)) == {"busy/wait"}

    def test_giving_up(self) -> None:
        """At once is a finding, after some tries it is not."""
        assert broken(Script().submit(0, 429).judged(1, 1)) == {"busy/retried"}
        assert broken(Script().submit(0, 429).submit(10, 429).submit(20, 429).judged(21, 1)) == set()

    def test_a_client_that_was_stopped_while_it_waited(self) -> None:
        """Nothing can be said."""
        verdict = Script().submit(140, 429).stopped()
        assert broken(verdict) == set()
        assert outcome(verdict, "busy/retried") == "not exercised"

    def test_several_that_want_the_same(self) -> None:
        """Workers that begin one after the other each wait, though their submits are close together."""
        script = Script()
        for at, status in ((0, 200), (1, 200), (2, 429), (3, 429), (12, 429), (13, 429), (22, 200), (23, 200)):
            script.submit(at, status, makes=7 + at if status == 200 else None, lasts=1)
        for number in (7, 8, 29, 30):
            script.get(33, number, "COMPLETED")
        assert "busy/wait" not in broken(script.judged(34))

    def test_several_that_hammer(self) -> None:
        """They are seen through all the same."""
        script = Script()
        for tenth in range(0, 200, 10):
            script.submit(tenth / 10, 429).submit(tenth / 10 + 0.1, 429)
        script.submit(20, makes=7).submit(20.1, makes=8).get(30, 7, "COMPLETED").get(30.1, 8, "COMPLETED")
        assert "busy/wait" in broken(script.judged(31))

    def test_a_herd(self) -> None:
        """Three that come back together, twice; spread ones are fine."""
        herd, spread = Script(), Script()
        for round_ in range(4):
            for worker in range(3):
                ref = {"replyRef": f"w{worker}"}
                herd.submit(round_ * 10.2 + worker / 100, 429, fields=ref)
                spread.submit(round_ * 13 + worker * 2, 429, fields=ref)
        assert broken(herd.judged(60, 1)) == {"busy/spread"}
        assert broken(spread.judged(60, 1)) == set()

    def test_no_end(self) -> None:
        """Over an hour is a note."""
        script = Script()
        for at in range(0, 4_000, 20):
            script.submit(at, 429)
        assert broken(script.judged(4_001, 1)) == {"busy/bounded"}


class TestRefused:
    """What another try does not change."""

    @pytest.mark.parametrize(("status", "rule"), [(400, "refused/bad-request"), (412, "refused/credits")])
    def test_repeated(self, status: int, rule: str) -> None:
        """The same once more, however long after."""
        assert broken(Script().submit(0, status).submit(20, status).judged(21, 1)) == {rule}
        assert outcome(Script().submit(0, status).judged(1, 1), rule) == "passed"

    def test_another_token_would_not_be_the_same(self) -> None:
        """A 401 that is repeated unchanged."""
        script = Script().submit(0, makes=7).get(10, 7, "COMPLETED")
        wrong = [["authorization", "Bearer nobody"]]
        verdict = outside(outside(script, 1, headers=wrong), 2, headers=wrong).judged(11)
        assert broken(verdict) == {"token/sent", "refused/unauthorized"}

    def test_pending(self) -> None:
        """Nothing for the account until it was updated."""
        assert broken(Script().submit(0, 596).submit(30, 596).judged(31, 1)) == {"refused/pending"}
        script = Script().submit(0, 596)
        script.call(5, "POST", "/v2/pixverse/accounts/demo@example.com", 201, {}, operation="saveAccount")
        assert broken(script.submit(6, makes=7).get(16, 7, "COMPLETED").judged(17)) == set()


class TestTrouble:
    """Reads that fail."""

    def test_given_up_at_the_first(self) -> None:
        """The job is paid for."""
        assert broken(Script().submit(0, makes=7).get(10, 7, 502).judged(11, 1)) == {"trouble/retried"}

    @pytest.mark.parametrize(
        "more", [{"wire": "reset"}, {"wire": "truncated"}, {"faults": [{"name": "malformed-json"}]}]
    )
    def test_broken_answers_are_failures(self, more: dict[str, object]) -> None:
        """However the answer was lost."""
        assert broken(Script().submit(0, makes=7).get(10, 7, "COMPLETED", **more).judged(11, 1)) == {"trouble/retried"}

    def test_tried_again(self) -> None:
        """Once is enough: a client may give up after that."""
        assert broken(Script().submit(0, makes=7).get(10, 7, 502).get(11, 7, 502).judged(12, 1)) == set()
        assert broken(Script().submit(0, makes=7).get(10, 7, 502).get(11, 7, "COMPLETED").judged(12)) == set()

    def test_hammered(self) -> None:
        """Four tries within a moment; the first repetition may come at once."""
        script = Script().submit(0, makes=7)
        for number in range(4):
            script.get(10 + number / 100, 7, 502)
        assert broken(script.get(20, 7, "COMPLETED").judged(21)) == {"trouble/back-off"}
        script = Script().submit(0, makes=7)
        for at in (10, 10.01, 10.25, 10.7):
            script.get(at, 7, 502)
        assert broken(script.get(20, 7, "COMPLETED").judged(21)) == set()


class TestPolling:
    """How a job is asked for."""

    def test_too_often(self) -> None:
        """By its id, or by the list."""
        assert broken(Script().submit(0, makes=7).get(3, 7).get(6, 7, "COMPLETED").judged(7)) == {"polling/pace"}
        listed = Script().submit(0, makes=7).list(3, {7: "QUEUED"}).list(6, {7: "COMPLETED"})
        assert broken(listed.judged(7)) == {"polling/pace"}

    def test_a_retry_is_no_poll(self) -> None:
        """What failed may be asked again sooner."""
        assert broken(Script().submit(0, makes=7).get(3, 7, 502).get(4, 7, "COMPLETED").judged(5)) == set()

    def test_by_id_and_then_the_list(self) -> None:
        """The vendor's page says so."""
        script = Script().submit(0, makes=7, lasts=13).get(3, 7).list(3.1, {7: "QUEUED"}).get(13.1, 7)
        assert broken(script.list(13.2, {7: "COMPLETED"}).judged(14)) == set()

    def test_one_list_for_several_jobs(self) -> None:
        """Two jobs may be asked for twice as often."""
        script = Script().submit(0, makes=7, lasts=12).submit(0.1, makes=8, lasts=12)
        for at in (3, 8, 13.1, 18.2):
            state = "COMPLETED" if at > 12 else "QUEUED"
            script.list(at, {7: state, 8: state})
        assert "polling/pace" not in broken(script.judged(19))

    def test_a_callback_is_a_reason_to_look(self) -> None:
        """However short ago the last look was."""
        script = Script().submit(0, makes=7).get(1, 7).callback(3, 7, "COMPLETED").get(3.1, 7, "COMPLETED")
        assert broken(script.judged(4)) == set()

    @pytest.mark.parametrize("status", [0, 1])
    def test_404_taken_for_the_end(self, status: int) -> None:
        """Whatever its exit status."""
        assert broken(Script().submit(0, makes=7).get(1, 7).judged(2, status)) == {"polling/processing"}

    def test_404_after_which_a_callback_came(self) -> None:
        """It found out otherwise."""
        assert broken(Script().submit(0, makes=7).get(1, 7).callback(3, 7, "COMPLETED").judged(4)) == set()

    def test_going_on_after_the_end(self) -> None:
        """One more look is fine, for the url; two are not."""
        script = good().get(11, 7, "COMPLETED")
        assert broken(script.judged(12)) == set()
        assert broken(script.get(22, 7, "COMPLETED").judged(23)) == {"polling/stops"}


class TestEnding:
    """Where the wait ends."""

    def test_before_the_end(self) -> None:
        """Content with what is not final."""
        script = Script().submit(0, makes=7).get(1, 7, "GENERATING")
        assert broken(script.judged(2)) == {"ending/not-before"}
        assert broken(script.judged(2, 1)) == set()

    def test_completed_is_not_seen(self) -> None:
        """It waits for something that never comes."""
        script = Script().submit(0, makes=7)
        for at in range(10, 150, 10):
            script.get(at, 7, "COMPLETED")
        assert broken(script.stopped()) == {"ending/completed"}
        assert broken(script.judged(150, 1)) == {"ending/completed"}

    @pytest.mark.parametrize("status", ["FAILED", "MODERATED"])
    def test_a_bad_end_is_not_seen(self, status: str) -> None:
        """Waited on, as if it could still come right."""
        script = Script().submit(0, makes=7, ends=status)
        for at in range(10, 150, 10):
            script.get(at, 7, status)
        assert broken(script.stopped()) == {f"ending/{status.lower()}"}
        ended = Script().submit(0, makes=7, ends=status).get(10, 7, status)
        assert broken(ended.judged(11, 1)) == set()
        assert broken(ended.judged(11, 0)) == {"process/status"}

    def test_callbacks_alone_and_no_end(self) -> None:
        """The final call was acknowledged, and the client waits on."""
        script = Script().submit(0, makes=7, fields={"replyUrl": "http://127.0.0.1:5000/hook"})
        assert broken(script.callback(3, 7, "COMPLETED").stopped()) == {"ending/completed"}

    def test_never_looked(self) -> None:
        """Neither polls nor a replyUrl."""
        assert broken(Script().submit(0, makes=7).judged(1)) == {"ending/followed"}
        asked = Script().submit(0, makes=7, fields={"replyUrl": "http://example.com"})
        assert broken(asked.judged(1)) == set()


class TestCallbacks:
    """What the client's receiver does."""

    def submitted(self) -> Script:
        """A job whose client wants to be called."""
        return Script().submit(0, makes=7, fields={"replyUrl": "http://127.0.0.1:5000/hook"})

    def test_an_error_for_an_answer(self) -> None:
        """500 is no acknowledgement."""
        script = self.submitted().callback(1, 7, "GENERATING", "failed", answered=500).get(10, 7, "COMPLETED")
        assert broken(script.judged(11)) == {"callbacks/acknowledged"}

    def test_nobody_listens(self) -> None:
        """A client that polls may name an address that is not there (yet)."""
        script = self.submitted().callback(1, 7, "QUEUED", "failed", error="connection refused by 127.0.0.1:5000")
        assert broken(script.get(10, 7, "COMPLETED").judged(11)) == set()

    def test_a_sink_of_the_mock_is_not_the_clients(self) -> None:
        """Nothing is said about it."""
        script = self.submitted().callback(1, 7, "QUEUED", url="http://127.0.0.1:8596/__mock/sink/x")
        verdict = script.get(10, 7, "COMPLETED").judged(11)
        assert outcome(verdict, "callbacks/acknowledged") == "not exercised"

    def test_calls_to_a_client_that_has_ended(self) -> None:
        """Its receiver ended with it."""
        script = self.submitted().callback(3, 7, "COMPLETED")
        script.callback(9, 7, "COMPLETED", "failed", copy=True, error="the connection was closed")
        assert broken(script.judged(4)) == set()

    def test_a_duplicate_that_is_refused(self) -> None:
        """The first was taken, the second was not."""
        script = self.submitted().callback(3, 7, "COMPLETED")
        script.callback(3.1, 7, "COMPLETED", "failed", copy=True, answered=409)
        assert broken(script.judged(5)) == {"callbacks/duplicates"}

    def test_a_late_call_that_overwrites_the_end(self) -> None:
        """The client waits for what it has been told."""
        script = self.submitted().callback(3, 7, "COMPLETED").callback(3.1, 7, "GENERATING")
        assert broken(script.stopped()) == {"callbacks/late-progress"}
        assert broken(script.judged(4)) == set()


class TestProcess:
    """The client as a program."""

    def test_success_that_is_none(self) -> None:
        """All was refused."""
        assert broken(Script().submit(0, 412).judged(1, 0)) == {"process/status"}

    def test_failure_that_is_none(self) -> None:
        """All went well."""
        assert broken(good().judged(11, 1)) == {"process/status"}

    def test_a_crash_is_a_failure(self) -> None:
        """Behind the end of the job, too."""
        verdict = good().judged(11, None, signal="SIGSEGV")
        assert broken(verdict) == {"process/status"}
        assert "SIGSEGV" in verdict.findings[0].got

    def test_no_end(self) -> None:
        """With nothing left to wait for."""
        assert broken(Script().submit(0, 412).stopped()) == {"process/ends"}
        assert broken(good().stopped()) == {"process/ends"}

    def test_a_job_that_had_only_just_ended(self) -> None:
        """Nothing can be said."""
        assert broken(Script().submit(120, makes=7).get(121, 7).stopped()) == set()


class TestOddAnswers:
    """What the contract permits."""

    def odd(self) -> Script:
        """A run with liberties."""
        return Script("awkward-but-legal", answers={"extra_fields": True}).submit(0, makes=7)

    def test_not_borne(self) -> None:
        """It dies of the first answer, though it manages plain ones."""
        plain = good().journal(11)
        verdict = judge([plain, self.odd().journal(1, 1)], subject="x")
        assert broken(verdict) == {"answers/tolerant"}

    def test_not_borne_by_who_bears_nothing(self) -> None:
        """A client that does not manage plain answers is not blamed for odd ones."""
        verdict = judge([Script().submit(0, makes=7).journal(1, 1), self.odd().journal(1, 1)], subject="x")
        assert "answers/tolerant" not in broken(verdict)

    def test_borne(self) -> None:
        """The same end as with plain answers."""
        verdict = judge([good().journal(11), self.odd().get(10, 7, "COMPLETED").journal(11)], subject="x")
        assert outcome(verdict, "answers/tolerant") == "passed"


class TestOwnLimit:
    """maxJobs that the client names itself."""

    def test_a_burst_beyond_it(self) -> None:
        """Five at once with a limit of two."""
        script = Script()
        for number in range(5):
            fields = {"maxJobs": 2, "replyRef": f"r{number}"}
            script.submit(
                number / 100, 200 if number < 2 else 429, makes=7 + number if number < 2 else None, fields=fields
            )
        assert "submit/own-limit" in broken(script.judged(1, 1))

    def test_one_that_finds_out(self) -> None:
        """A loop that learns from a 429 that there is no slot does what the page says."""
        script = Script()
        for number, at in enumerate((0, 0.1, 0.2, 10.2)):
            fields = {"maxJobs": 2, "replyRef": "r2" if number == 3 else f"r{number}"}
            busy = number == 2
            script.submit(at, 429 if busy else 200, makes=None if busy else 7 + number, fields=fields)
        for number in (7, 8, 10):
            script.get(20.3, number, "COMPLETED")
        assert broken(script.judged(21)) == set()

    def test_a_limit_that_is_raised(self) -> None:
        """To get past a 429."""
        script = Script().submit(0, 429, fields={"maxJobs": 2}).submit(10, makes=7, fields={"maxJobs": 8})
        assert broken(script.get(20, 7, "COMPLETED").judged(21)) == {"submit/own-limit"}


class TestLostEntries:
    """A journal that lost its beginning."""

    def test_what_needs_the_whole_is_not_judged(self) -> None:
        """And nothing is passed by what is left."""
        script = good()
        script.lost = 500
        verdict = script.judged(11)
        assert all(each.outcome != "passed" for each in verdict.judged)
        assert any("lost its first 500" in each.reason for each in verdict.judged)

    def test_what_is_left_can_still_be_wrong(self) -> None:
        """A wait that was too short is one."""
        script = Script().submit(0, 429).submit(2, makes=7).get(12, 7, "COMPLETED")
        script.lost = 500
        assert broken(script.judged(13)) == {"busy/wait"}


def test_one_finding_for_the_same_fault_in_many_scenarios() -> None:
    """The first run tells it, and names the others."""
    runs = [Script(name).submit(0, 412).judged(1, 0) for name in ("a", "b")]
    assert all(broken(run) == {"process/status"} for run in runs)
    verdict = judge([Script(name).submit(0, 412).journal(1, 0) for name in ("a", "b", "c")], subject="x")
    [finding] = verdict.findings
    assert finding.scenario == "a"
    assert finding.got.endswith("(also in b, c)")
    assert [each.broken for each in verdict.courses] == [("process/status",)] * 3


class TestFoundByOthersClients:
    """What clients that nobody here had written were blamed for wrongly, or got away with."""

    def test_forms_are_read_whatever_their_boundary(self) -> None:
        """A multipart body that is written anew is the same wish, and the same refused request."""

        def form(boundary: str) -> dict[str, object]:
            body = f'--{boundary}\r\nContent-Disposition: form-data; name="video_id"\r\n\r\nx\r\n--{boundary}--\r\n'
            kind = f"multipart/form-data; boundary={boundary}"
            return {"body": body, "headers": [["authorization", "Bearer user:12345-***"], ["content-type", kind]]}

        waited = Script().submit(0, 429, **form("a")).submit(10, makes=7, **form("b")).get(20, 7, "COMPLETED")
        assert broken(waited.judged(21)) == set()
        assert broken(Script().submit(0, 429, **form("a")).submit(1, 429, **form("b")).judged(2, 1)) == {"busy/wait"}
        assert broken(Script().submit(0, 412, **form("a")).submit(9, 412, **form("b")).judged(10, 1)) == {
            "refused/credits"
        }

    def test_who_sees_that_nothing_can_be_done_need_not_try(self) -> None:
        """No credits, an account in trouble, or reads that fail before."""
        script = Script()
        script.call(0, "GET", "/v2/pixverse/features/", 200, {}, operation="getFeatures")
        document = script.document(1, 1)
        document["accounts"] = [{"email": "demo@example.com", "credits": 0}]
        assert broken(judge([Journal.of(document)], subject="x")) == set()
        down = Script().list(0, status=503).list(5, status=503)
        assert broken(down.judged(6, 1)) == set()
        assert broken(Script().list(0, status=503).judged(1, 1)) == {"trouble/retried"}

    def test_a_job_whose_video_was_deleted_is_known(self) -> None:
        """By the events of the call that started it."""
        script = good()
        job = script.jobs.pop()
        events = [{"event": "status", "at": each["at"], "status": each["status"]} for each in job["reached"]]
        script.requests[0]["events"] = events
        assert broken(script.judged(11)) == set()

    def test_failed_reads_after_the_end_are_no_looks(self) -> None:
        """A callback told it; one answer is fetched all the same."""
        script = Script().submit(0, makes=7).callback(3, 7, "COMPLETED").get(3.1, 7, 502).get(5, 7, 502)
        assert broken(script.get(8, 7, "COMPLETED").judged(9)) == set()

    def test_a_try_at_once_after_a_reset_is_the_librarys(self) -> None:
        """Kept connections that died are tried again by themselves."""
        script = Script().submit(0, makes=7).get(10, 7, 502).get(20, 7, wire="reset").get(20.01, 7, 503)
        assert broken(script.get(40, 7, "COMPLETED").judged(41)) == set()

    def test_one_of_several_that_was_given_up(self) -> None:
        """Its exit status tells the truth, though all that was accepted completed."""
        script = Script().submit(0, makes=7, fields={"replyRef": "a"})
        script.submit(0.1, makes=8, fields={"replyRef": "b"}, wire="reset").get(10, 7, "COMPLETED")
        assert broken(script.judged(11, 1)) == set()

    def test_the_first_callback_taken_for_the_end(self) -> None:
        """The receiver ended with the client: the next call found it closing."""
        script = Script().submit(0, makes=7, lasts=30, fields={"replyUrl": "http://127.0.0.1:5000/hook"})
        script.callback(1, 7, "GENERATING").callback(1.2, 7, "GENERATING", "failed", error="closed the connection")
        assert broken(script.judged(1.3)) == {"ending/not-before"}

    def test_a_slow_receiver_at_a_scale(self) -> None:
        """Two real seconds are forty of the client's own."""
        script = Script().submit(0, makes=7, lasts=1, fields={"replyUrl": "http://127.0.0.1:5000/hook"})
        script.callback(0.5, 7, "COMPLETED", seconds=2.0)
        assert broken(script.judged(4, scale=20)) == {"callbacks/acknowledged"}

    def test_a_callback_before_the_answer_may_find_nobody(self) -> None:
        """Who has not heard of a job does not listen yet."""
        script = Script().submit(0, makes=7, took=10, fields={"replyUrl": "http://127.0.0.1:5000/hook"})
        script.callback(0.1, 7, "GENERATING", "failed", error="no answer within 10 s").callback(12, 7, "COMPLETED")
        assert broken(script.judged(13)) == set()

    def test_submitted_again_whenever_it_failed(self) -> None:
        """A try more is fine, a loop is not."""
        script = Script()
        for place in range(4):
            script.submit(place * 20, makes=7 + place, ends="FAILED").get(place * 20 + 10, 7 + place, "FAILED")
        assert broken(script.judged(80, 1)) == {"ending/failed"}

    def test_calls_of_the_run_before_in_the_same_sandbox_do_not_count(self) -> None:
        """Tokens are used again."""
        script = outside(good(), -5, headers=[["authorization", "Token user:12345-***"]])
        assert broken(script.judged(11)) == set()


class TestFloods:
    """Ten thousand calls are judged by looking at each a few times: what looks at all pairs would never end."""

    MANY = 10_000

    def test_refused_without_end(self) -> None:
        """The same, and each time another."""
        same, others = Script(), Script()
        for number in range(self.MANY):
            first = number < 3
            same.submit(number / 100, 200 if first else 429, makes=7 + number if first else None, fields={"maxJobs": 3})
            others.submit(number / 100, 400, fields={"replyRef": str(number)})
        assert "busy/wait" in broken(same.judged(101, 1))
        assert outcome(others.judged(101, 1), "refused/bad-request") == "passed"

    def test_lost_without_end(self) -> None:
        """Every answer of an upscale."""
        script = Script()
        for number in range(self.MANY):
            script.submit(number / 100, 0, wire="reset")
        assert "submit/once" in broken(script.judged(101, 1))

    def test_jobs_without_end(self) -> None:
        """As many jobs, and as many looks."""
        script = Script()
        for number in range(self.MANY):
            script.submit(number / 100, makes=7 + number, fields={"replyRef": str(number)})
        for number in range(self.MANY):
            script.list(101 + number / 100, {7: "COMPLETED"})
        assert outcome(script.judged(300), "ending/followed") == "passed"
