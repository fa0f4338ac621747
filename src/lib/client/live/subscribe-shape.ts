import type { Message, Row } from '@electric-sql/client';
import type { Value } from '#engine/shape';
import { onCarrierState } from './connection.ts';
import { followWindow } from './follow-window.ts';
import { openStream, problemOf, type LiveStream } from './open-stream.ts';
import { ShapeState } from './shape-state.ts';
import type { LiveShape, ShapeListener, ShapeStart } from './types.ts';

/**
 * Follows a shape until it is closed. With a start, only what changed since is told; without, `onReset`
 * gives the rows first. Of a shape that is too large only the window's rows are told.
 */
export function subscribeShape(
	shape: LiveShape,
	start: ShapeStart | undefined,
	listener: ShapeListener
): { close(): void } {
	const aborter = new AbortController();
	const stream = openStream(shape, start, aborter.signal, start?.window !== undefined);
	const window = start?.window && followWindow(stream, start, start.window, listener);
	const closeState = connect(stream, start === undefined, window?.listener ?? listener);
	return {
		close() {
			aborter.abort();
			window?.close();
			closeState();
		}
	};
}

/** Gives a stream's messages to the listener, in whole transactions. Returns the end of it. */
function connect(stream: LiveStream, begins: boolean, listener: ShapeListener): () => void {
	const state = new ShapeState(begins, listener);
	const leave = onCarrierState((carrier) => state.offline(carrier === 'offline'));
	stream.subscribe(
		(messages) => state.take(messages as Message<Row<Value>>[]),
		(error) => state.refuse(problemOf(error))
	);
	return () => {
		leave();
		stream.unsubscribeAll();
		state.close();
	};
}
