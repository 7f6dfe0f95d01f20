// Node's fetch with encodeURIComponent around the id, as in any other path; the 400 ends it.
import { Upscaler } from '../good/fetch.mjs';

class Client extends Upscaler {
  look(job) {
    return this.read(`/videos/${encodeURIComponent(job)}`);
  }
}

await new Client().run();
