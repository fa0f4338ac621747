import { Socket } from 'node:net';
import { encodeFrame, frameReader, type ChildMessage, type ParentMessage } from '#sandbox/protocol';

/** The parent is trusted; the bound only catches a stream out of step. */
const maxFrameBytes = 128 * 1024 * 1024;

export interface Connection {
	send(message: ChildMessage, body?: string): void;
}

export function createConnection(
	descriptor: number,
	onMessage: (message: ParentMessage, body: string) => void
): Connection {
	const socket = new Socket({ fd: descriptor, readable: true, writable: true });
	// exit() can be held up by a looping isolate; a kill cannot.
	const end = () => process.kill(process.pid, 'SIGKILL');
	socket.on('close', end);
	socket.on('error', end);
	socket.on('end', end);
	socket.on('data', frameReader<ParentMessage>(maxFrameBytes, onMessage));
	return { send: (message, body) => void socket.write(encodeFrame(message, body)) };
}
