/** What a request is answered with, whatever carries it. */
export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer | string;
}

/** A reader's end of a connection: one answer, or a stream of events. */
export interface Sink {
	send(answer: Answer): void;
	/** Begins an endless answer; undefined where the carrier has none. */
	stream?(status: number, headers: Readonly<Record<string, string>>): EventStream;
	/** Called once when the reader goes away before the end of the answer. */
	onClose(listener: () => void): void;
}

export interface EventStream {
	/** Whether more may be written; otherwise wait for `onDrain`. */
	write(chunk: Buffer | string): boolean;
	onDrain(listener: () => void): void;
	/** Bytes that were written and not taken yet. */
	buffered(): number;
	end(): void;
}
