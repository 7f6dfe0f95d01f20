// Node's fetch: submits with the replyUrl that it is given, waits while there is no slot, looks every 10 s.
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const { USEAPI_BASE_URL, USEAPI_TOKEN, USEAPI_VIDEO_ID, USEAPI_REPLY_URL, CLIENT_SCALE = '1' } = process.env;
const BROKEN = [0, 500, 502, 503, 504];

export class Upscaler {
  api = `${USEAPI_BASE_URL}/v2/pixverse`;
  ref = randomUUID();
  polls = 360;

  pause(seconds) {
    return new Promise((done) => setTimeout(done, (seconds * 1000) / Number(CLIENT_SCALE)));
  }

  // The status and the JSON of an answer; the status 0 where no whole answer came.
  async call(path, options = {}) {
    try {
      const answer = await fetch(this.api + path, {
        ...options,
        headers: { Authorization: `Bearer ${USEAPI_TOKEN}`, ...options.headers },
        signal: AbortSignal.timeout(30_000),
      });
      return { status: answer.status, value: answer.ok ? await answer.json() : await answer.text() };
    } catch (error) {
      return { status: 0, value: String(error.cause ?? error) };
    }
  }

  async read(path) {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const { status, value } = await this.call(path);
      if (status === 200) return value;
      if (status === 404) return null;
      if (!BROKEN.includes(status)) throw new Error(`GET ${path}: ${status} ${value}`);
      await this.pause(10);
    }
    throw new Error(`no answer to GET ${path}`);
  }

  post() {
    const body = { video_id: USEAPI_VIDEO_ID, replyRef: this.ref };
    if (USEAPI_REPLY_URL) body.replyUrl = USEAPI_REPLY_URL;
    return this.call('/videos/upscale', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async submit() {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const { status, value } = await this.post();
      if (status === 200) return value.video_id;
      if (BROKEN.includes(status)) {
        const found = (await this.read('/videos')).data.find((video) => video.replyRef === this.ref);
        if (found) return found.video_id;
      } else if (status !== 429) {
        throw new Error(`refused: ${status} ${value}`);
      }
      await this.pause(10 + 5 * Math.random());
    }
    throw new Error('no slot for too long');
  }

  async follow(job) {
    for (let poll = 0; poll < this.polls; poll += 1) {
      const video = await this.look(job);
      if (video !== null && this.ended(video)) return video;
      await this.pause(10);
    }
    throw new Error(`no end of ${job} for too long`);
  }

  look(job) {
    return this.read(`/videos/${job}`);
  }

  ended(video) {
    return ['COMPLETED', 'FAILED', 'MODERATED'].includes(video.video_status_name);
  }

  async run() {
    try {
      const video = await this.follow(await this.submit());
      console.log(video.video_id, video.video_status_name);
      process.exitCode = video.video_status_name === 'COMPLETED' ? 0 : 1;
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await new Upscaler().run();
