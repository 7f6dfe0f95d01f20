// In the vendor's manner: 30 s after a 429, a look every 15 s, 404 means wait, and whatever else goes wrong ends it.
import { setTimeout as sleep } from 'node:timers/promises';

const { USEAPI_BASE_URL, USEAPI_TOKEN, USEAPI_VIDEO_ID, CLIENT_SCALE = '1' } = process.env;
const root = `${USEAPI_BASE_URL}/v2/pixverse/videos`;
const headers = { Authorization: `Bearer ${USEAPI_TOKEN}`, 'Content-Type': 'application/json' };
const pause = (seconds) => sleep((seconds * 1000) / Number(CLIENT_SCALE));

async function create() {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`${root}/upscale`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ video_id: USEAPI_VIDEO_ID }),
    });
    switch (answer.status) {
      case 200:
        return (await answer.json()).video_id;
      case 429:
        console.log('all slots are taken, waiting 30 s');
        await pause(30);
        break;
      default:
        throw new Error(`${answer.status}: ${await answer.text()}`);
    }
  }
  throw new Error('all slots are taken for too long');
}

async function wait(id) {
  for (let polls = 0; polls < 240; polls += 1) {
    await pause(15);
    try {
      const answer = await fetch(`${root}/${id}`, { headers });
      const video = answer.ok ? await answer.json() : {};
      if (answer.ok && video.video_status_final && video.video_status_name !== 'QUEUED') return video;
      if (answer.status === 401) throw new Error('the token is not accepted any more', { cause: 401 });
    } catch (error) {
      if (error.cause === 401) throw error;
      console.log('no answer this time');
    }
  }
  throw new Error(`no end of ${id} within an hour`);
}

try {
  const { video_id: id, video_status_name: name, url } = await wait(await create());
  console.log(id, name, url);
  process.exitCode = name === 'COMPLETED' ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
