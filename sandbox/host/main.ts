import { createConnection } from './connection.ts';
import { createSandbox } from './sandbox.ts';

/**
 * A sandbox process: reads messages on file descriptor 3, runs handlers, says how they ended. It holds no
 * secret, has no environment and no way out but that descriptor. When the parent goes, it goes.
 */
const connection = createConnection(3, (message, body) => sandbox.receive(message, body));
const sandbox = createSandbox(connection.send);
connection.send({ type: 'ready' });
