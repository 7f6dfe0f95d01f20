// Node's fetch with a helper that throws on whatever is not 2xx, so the 404 of a job that runs ends it.
import { Upscaler } from '../good/fetch.mjs';

class Client extends Upscaler {
  async look(job) {
    const { status, value } = await this.call(`/videos/${job}`);
    if (status >= 400) throw new Error(`request failed with status code ${status}`);
    return status === 200 ? value : null;
  }
}

await new Client().run();
