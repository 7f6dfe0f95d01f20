// Node's fetch that waits for ever for a status of 'completed', which no answer has.
import { Upscaler } from '../good/fetch.mjs';

class Client extends Upscaler {
  polls = Infinity;

  ended(video) {
    return video.status === 'completed' || video.status === 'failed';
  }
}

await new Client().run();
