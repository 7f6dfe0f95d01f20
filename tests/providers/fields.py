"""Flaws of what answers hold: fields that lack, that are of another type, that say something untrue."""

from datetime import UTC, datetime, timedelta

from mockserver.instants import seconds
from providers.flaw import TIME, answering
from providers.told import Told
from providers.trial import ACCOUNTS, EMAIL, FEATURES, USER, VIDEOS


@answering(
    "An accepted upscale names the new video by its number alone.",
    "answers/schema",
    "documented/upscaleVideo/200/*",
    shows=lambda trial: isinstance(trial.upscale().body["video_id"], int),
)
def id_is_number(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 200:
        told.value["video_id"] = int(told.value["video_id"].rpartition(":")[2])


@answering(
    "The numbers in new ids are padded with zeros.",
    "answers/schema",
    "documented/upscaleVideo/200/*",
    shows=lambda trial: "-video:0" in trial.accepted(),
)
def id_is_padded(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 200:
        told.value["video_id"] = told.value["video_id"].replace("-video:", "-video:00")


@answering(
    "An accepted upscale is answered with the id of the source.",
    "ids/new",
    "documented/upscaleVideo/200/*",
    shows=lambda trial: trial.accepted() == trial.video_id(),
)
def id_of_source(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 200:
        told.value["video_id"] = told.asked.get("video_id", told.value["video_id"])


@answering(
    "An accepted upscale is answered with an id of another account.",
    "ids/own",
    "documented/upscaleVideo/200/*",
    shows=lambda trial: f":{EMAIL}-" not in trial.accepted(),
)
def id_of_other_account(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 200:
        told.value["video_id"] = told.value["video_id"].replace("-pixverse:", "-pixverse:x.")


@answering(
    "Statuses are texts.",
    "answers/schema",
    shows=lambda trial: trial.listed()[0]["video_status"] == "1",
)
def status_is_text(told: Told) -> None:
    for video in told.videos:
        video["video_status"] = str(video["video_status"])


@answering(
    "GENERATING videos have the name QUEUED beside the number 10.",
    "answers/life-cycle",
    takes=(TIME,),
    shows=lambda trial: (
        trial.accepted()
        and (trial.advance(130) or [trial.listed()[0][key] for key in ("video_status", "video_status_name")])
        == [10, "QUEUED"]
    ),
)
def name_of_another_status(told: Told) -> None:
    for video in told.videos:
        if video["video_status"] == 10:
            video["video_status_name"] = "QUEUED"


@answering(
    "A single video has null for the name of its status.",
    "answers/schema",
    "answers/life-cycle",
    shows=lambda trial: trial.single(trial.video_id()).body["video_status_name"] is None,
)
def name_is_null(told: Told) -> None:
    if told.operation == "getVideo" and told.status == 200:
        told.value["video_status_name"] = None


@answering(
    "The list does not say whether a status is final.",
    "answers/schema",
    "answers/life-cycle",
    shows=lambda trial: "video_status_final" not in trial.listed()[0],
)
def final_missing_in_list(told: Told) -> None:
    if told.operation == "listVideos":
        for video in told.videos:
            del video["video_status_final"]


@answering(
    "FAILED and MODERATED are not final.",
    "answers/life-cycle",
    takes=(TIME,),
    shows=lambda trial: trial.in_list(trial.ended(8))["video_status_final"] is False,
)
def failure_is_not_final(told: Told) -> None:
    for video in told.videos:
        if video["video_status"] in (7, 8):
            video["video_status_final"] = False


@answering(
    "GENERATING is final.",
    "answers/life-cycle",
    takes=(TIME,),
    shows=lambda trial: (
        trial.accepted()
        and (trial.advance(130) or [trial.listed()[0][key] for key in ("video_status", "video_status_final")])
        == [10, True]
    ),
)
def generating_is_final(told: Told) -> None:
    for video in told.videos:
        video["video_status_final"] = video["video_status"] != 5


@answering(
    "A finished upscale has no `url`.",
    "videos/result",
    takes=(TIME,),
    shows=lambda trial: "url" not in trial.in_list(trial.ended()),
)
def url_missing(told: Told) -> None:
    for video in told.videos:
        if video["upscaled"]:
            del video["url"]


@answering(
    "The size of an upscale is told before it is finished.",
    "videos/result",
    shows=lambda trial: trial.in_list(trial.accepted())["output_width"] == 3840,
)
def size_before_the_end(told: Told) -> None:
    for video in told.videos:
        if not video["output_width"]:
            video["output_width"], video["output_height"] = 3840, 2160


@answering(
    "An upscale names itself as its original.",
    "videos/new-appears",
    shows=lambda trial: trial.in_list(made := trial.accepted())["original_video_id"] == made,
)
def original_is_itself(told: Told) -> None:
    for video in told.videos:
        if video["upscaled"]:
            video["original_video_id"] = video["video_id"]


@answering(
    "An upscale is not marked as one.",
    "videos/new-appears",
    shows=lambda trial: trial.in_list(trial.accepted())["upscaled"] == 0,
)
def upscale_is_not_marked(told: Told) -> None:
    for video in told.videos:
        video["upscaled"] = 0


@answering(
    "New videos are said to be created a day from now.",
    "videos/created-at",
    shows=lambda trial: trial.in_list(trial.accepted())["created_at"].startswith(
        (datetime.fromtimestamp(trial.sandbox.now / 1_000, UTC) + timedelta(days=1)).date().isoformat()
    ),
)
def created_tomorrow(told: Told) -> None:
    for video in told.videos:
        known = told.known(video["video_id"])
        if known is not None and known.job is not None:
            video["created_at"] = seconds(known.created_at + 86_400_000)


@answering(
    "`created_at` is the instant of the request.",
    "videos/created-at",
    "videos/identity-stays",
    "reads/change-nothing",
    takes=(TIME,),
    shows=lambda trial: trial.listed()[0]["created_at"] != (trial.advance(60) or trial.listed()[0]["created_at"]),
)
def created_now(told: Told) -> None:
    for video in told.videos:
        if told.sandbox is not None:
            video["created_at"] = seconds(told.sandbox.now)


@answering(
    "The list and the single video disagree about the quality.",
    "videos/list-and-single",
    shows=lambda trial: trial.listed()[0]["quality"] != trial.single(trial.ids()[0]).body["quality"],
)
def single_disagrees(told: Told) -> None:
    if told.operation == "getVideo" and told.status == 200:
        told.value["quality"] = "1080p"


@answering(
    "The list is a bare array.",
    "answers/schema",
    "documented/listVideos/200/*",
    shows=lambda trial: isinstance(trial.get(VIDEOS), list),
)
def list_is_bare(told: Told) -> None:
    if told.operation == "listVideos" and told.status == 200:
        told.value = told.value["data"]


@answering(
    "The accounts are an array.",
    "answers/schema",
    "documented/listAccounts/200/*",
    shows=lambda trial: isinstance(trial.get(ACCOUNTS), list),
)
def accounts_are_array(told: Told) -> None:
    if told.operation == "listAccounts" and told.status == 200:
        told.value = list(told.value.values())


@answering(
    "The features do not say how many generations run at the same time.",
    "answers/schema",
    "documented/getFeatures/200/*",
    shows=lambda trial: "gen_simultaneously" not in trial.get(FEATURES),
)
def plan_missing(told: Told) -> None:
    if told.operation == "getFeatures" and told.status == 200:
        del told.value["gen_simultaneously"]


@answering(
    "The subscription of the user is told by a text.",
    "answers/schema",
    "documented/*User/200/*",
    shows=lambda trial: trial.get(USER)["subscriptionIsActive"] == "true",
)
def subscription_is_text(told: Told) -> None:
    if told.operation in ("getUser", "updateUser") and told.status == 200:
        told.value["subscriptionIsActive"] = "true"


@answering(
    "The scheduler counts `elapsed` in seconds.",
    "answers/schema",
    "documented/listRunning/200/*",
    "scheduler/elapsed",
    shows=lambda trial: trial.accepted() and ":" not in trial.get("/v2/pixverse/scheduler")[0]["elapsed"],
)
def elapsed_in_seconds(told: Told) -> None:
    if told.operation == "listRunning" and told.status == 200:
        for job in told.value:
            minutes, _, rest = job["elapsed"].partition(":")
            job["elapsed"] = str(int(minutes) * 60 + int(rest))
