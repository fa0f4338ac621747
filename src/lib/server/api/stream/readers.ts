import { errors } from './errors.ts';
import { openShape, type ShapeSources } from './open-shape.ts';
import type { ShapeRead } from './shape-answers.ts';
import type { Timers } from './timers.ts';

/** What answering takes. */
export interface ShapeParts extends ShapeSources {
	readonly timers: Timers;
	readonly readers: Readers;
}

/** An answer that is held open. */
export interface Reader {
	readonly read: ShapeRead;
	/** Ends it: the reader may not see the shape any more, or would see another one now. */
	end(reason: { readonly error: unknown } | 'must-refetch'): void;
	/** Bytes that it was sent and has not taken yet. */
	buffered?(): number;
}

/** So many are checked at the same time after grants or releases changed. */
const checksAtOnce = 8;

/** The open answers of this node, which a change of grants or of a release may end (rule 23). */
export class Readers {
	readonly #open = new Set<Reader>();
	readonly #sources: ShapeSources;
	readonly #unsubscribe: (() => void)[];
	#closed = false;

	constructor(sources: ShapeSources) {
		this.#sources = sources;
		this.#unsubscribe = [
			sources.identity.onGrantsChanged(() => void this.#checkAll(({ read }) => !read.caller.isCurrent())),
			sources.tenancy.onChange(
				({ installationId }) =>
					void this.#checkAll(({ read }) => read.shape.installation.id === installationId)
			)
		];
	}

	get size(): number {
		return this.#open.size;
	}

	buffered(): number {
		let bytes = 0;
		for (const reader of this.#open) bytes += reader.buffered?.() ?? 0;
		return bytes;
	}

	/** Returns the leave. */
	add(reader: Reader): () => void {
		this.#open.add(reader);
		return () => this.#open.delete(reader);
	}

	/** Whether the reader may be written to; if not, it was ended. */
	async check(reader: Reader): Promise<boolean> {
		const { caller, query, shape } = reader.read;
		try {
			await caller.becomeCurrent();
			const now = await openShape(this.#sources, query, caller);
			if (now.hash === shape.hash) return true;
			reader.end('must-refetch');
		} catch (error) {
			reader.end({ error });
		}
		return false;
	}

	close(): void {
		this.#closed = true;
		for (const leave of this.#unsubscribe) leave();
		const error = errors.CLOSING('The server is restarting. Try again in a moment.');
		for (const reader of [...this.#open]) reader.end({ error });
	}

	async #checkAll(concerns: (reader: Reader) => boolean): Promise<void> {
		const queue = [...this.#open].filter(concerns);
		const checkOn = async () => {
			for (let reader = queue.pop(); reader; reader = queue.pop()) {
				if (this.#closed) return;
				if (this.#open.has(reader)) await this.check(reader);
			}
		};
		await Promise.all(Array.from({ length: checksAtOnce }, checkOn));
	}
}
