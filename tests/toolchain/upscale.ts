// A user's code over the generated types. It is compiled, never run.
import type { components, operations, paths } from "./types";

type Upscale = paths["/v2/pixverse/videos/upscale"]["post"];
type Request = Upscale["requestBody"]["content"]["application/json"];
type Accepted = Upscale["responses"][200]["content"]["application/json"];
type Busy = Upscale["responses"][429]["content"]["application/json"];
type PendingError = operations["upscaleVideo"]["responses"][596]["content"]["application/json"];
type Video = components["schemas"]["Video"];
type Callback = components["schemas"]["VideoCallback"];

export async function upscale(token: string, request: Request): Promise<Accepted> {
  const response = await fetch("https://api.useapi.net/v2/pixverse/videos/upscale", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  if (response.status === 429 || response.status === 596) {
    const refused: Busy | PendingError = await response.json();
    throw new Error(refused.error);
  }
  return response.json();
}

export async function newest(token: string): Promise<Video | undefined> {
  const response = await fetch("https://api.useapi.net/v2/pixverse/videos?limit=1", {
    headers: { Authorization: `Bearer ${token}` },
  });
  const list: components["schemas"]["VideoList"] = await response.json();
  return list.data[0];
}

export function describe(callback: Callback): string {
  const source: string = callback.original_video_id === 0 ? "nothing" : callback.original_video_id ?? "?";
  return `${callback.video_id} of ${source} is ${callback.video_status_name}, told to ${callback.replyUrl}`;
}

export const full: Request = {
  video_id: "user:12345-pixverse:demo@example.com-video:11223344",
  replyUrl: "http://127.0.0.1:9000/callback",
  replyRef: "order-17",
  maxJobs: 3,
};

// @ts-expect-error video_id is required
export const incomplete: Request = { maxJobs: 3 };

// @ts-expect-error maxJobs is a number
export const misfit: Request = { video_id: "", maxJobs: "3" };

// @ts-expect-error 500 is not documented
export type Undocumented = Upscale["responses"][500];
