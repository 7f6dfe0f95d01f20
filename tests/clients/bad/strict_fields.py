"""Reads a video into a class of the fields that it knows, and crashes on any other."""

import sys
from dataclasses import dataclass
from typing import Any

from clients.good.upscaler import Upscaler


@dataclass
class Video:
    """The fields that were seen once in an answer."""

    video_id: str
    video_status: int
    video_status_name: str
    video_status_final: bool
    account_id: Any = None
    aspect_ratio: Any = None
    asset_id: Any = None
    asset_img_url: Any = None
    asset_name: Any = None
    auto_character_prompt: Any = None
    avatar: Any = None
    camera_movement: Any = None
    created_at: Any = None
    customer_paths: Any = None
    duration: Any = None
    extended: Any = None
    first_frame: Any = None
    img_id: Any = None
    img_url: Any = None
    last_frame: Any = None
    likes: Any = None
    lip_sync: Any = None
    model: Any = None
    model_name: Any = None
    motion_brush: Any = None
    motion_mode: Any = None
    negative_prompt: Any = None
    nick_name: Any = None
    original_video_id: Any = None
    output_height: Any = None
    output_width: Any = None
    prompt: Any = None
    quality: Any = None
    queue_data: Any = None
    relation_type: Any = None
    remove_watermark: Any = None
    replyRef: Any = None  # noqa: N815 - the API's own word
    replyUrl: Any = None  # noqa: N815 - the API's own word
    seed: Any = None
    style: Any = None
    template_i18n_json: Any = None
    template_id: Any = None
    template_name: Any = None
    template_thumbnail_url: Any = None
    template_thumbnail_video_url: Any = None
    upscaled: Any = None
    url: Any = None
    video_duration: Any = None
    workflow_tag: Any = None


class Client(Upscaler):
    def look(self, job: str) -> dict[str, Any] | None:
        video = super().look(job)
        return None if video is None else vars(Video(**video))


if __name__ == "__main__":
    sys.exit(Client().run())
