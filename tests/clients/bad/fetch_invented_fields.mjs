// Node's fetch that waits for a status of 'completed', which no answer ever has.
import { Upscaler } from '../good/fetch.mjs';

class Client extends Upscaler {
  polls = 6;

  ended(video) {
    return video.status === 'completed' || video.status === 'failed';
  }
}

await new Client().run();
