import { randomBytes } from 'node:crypto';
import type { Xid } from '#core/cdc';
import { deferred, type Deferred } from './deferred.ts';
import { errors } from './errors.ts';
import type { Maintainer } from './maintainer.ts';
import type { NodeChannel } from './node-channel.ts';
import type { SnapshotRequest } from './waiting.ts';

/** To the node that maintains. */
type Ask =
	| { readonly id: string; readonly kind: 'applied'; readonly xid: string }
	| { readonly id: string; readonly kind: 'snapshot'; readonly tables: readonly string[] }
	/** The snapshot of the answer before is held now. */
	| { readonly id: string; readonly kind: 'imported' };

/** From it, to whoever asked under that id. */
type Answer =
	| { readonly id: string; readonly kind: 'position'; readonly seq: string }
	| { readonly id: string; readonly kind: 'exported'; readonly snapshot: string };

/** An unanswered question is asked again: the node that maintains may have become another. */
const againMs = 1_000;
/** The fence of another's snapshot is held open no longer than this. */
const importWithinMs = 500;
const answerWithinMs = 10_000;

interface Question {
	readonly position: Deferred<bigint>;
	onExported(snapshot: string): void;
}

/**
 * What only the node that maintains knows, asked by the others over their notifications: whether a
 * transaction that changed no view is in them, and snapshots bound to a position.
 */
export class Asking {
	readonly #channel: Pick<NodeChannel, 'tell'>;
	readonly #maintainer: () => Maintainer | undefined;
	readonly #questions = new Map<string, Question>();
	/** Of this node's fences: who is importing. */
	readonly #imports = new Map<string, () => void>();

	constructor(channel: Pick<NodeChannel, 'tell'>, maintainer: () => Maintainer | undefined) {
		this.#channel = channel;
		this.#maintainer = maintainer;
	}

	/** Resolves with the position at which the views hold what the transaction did. Ends with `signal`. */
	async applied(xid: Xid, signal: AbortSignal): Promise<bigint> {
		return this.#ask({ kind: 'applied', xid: xid.toString() }, () => {}, signal);
	}

	/**
	 * Has a snapshot imported by `request` and bound to a position, as `Maintainer.snapshot` does. Ends
	 * with `signal`.
	 */
	async snapshot(request: Pick<SnapshotRequest, 'tables' | 'import'>, signal: AbortSignal): Promise<bigint> {
		const id = newId();
		const onExported = (snapshot: string) => {
			request.import(snapshot).then(
				() => this.#tell('ask', { id, kind: 'imported' }),
				() => {}
			);
		};
		return this.#ask({ id, kind: 'snapshot', tables: request.tables }, onExported, signal);
	}

	heard(channel: 'ask' | 'answer', payload: string): void {
		if (channel === 'ask') this.#onAsk(JSON.parse(payload) as Ask);
		else this.#onAnswer(JSON.parse(payload) as Answer);
	}

	async #ask(
		ask:
			| { readonly id?: string; readonly kind: 'snapshot'; readonly tables: readonly string[] }
			| { readonly kind: 'applied'; readonly xid: string },
		onExported: (snapshot: string) => void,
		signal: AbortSignal
	): Promise<bigint> {
		const message = { id: newId(), ...ask } as Ask;
		const question = { position: deferred<bigint>(), onExported };
		const end = () => question.position.reject(errors.TURN_ENDED('Nobody answers any more.'));
		this.#questions.set(message.id, question);
		signal.addEventListener('abort', end);
		if (signal.aborted) end();
		const again = setInterval(() => this.#tell('ask', message), againMs);
		this.#tell('ask', message);
		try {
			return await question.position.promise;
		} finally {
			clearInterval(again);
			signal.removeEventListener('abort', end);
			this.#questions.delete(message.id);
		}
	}

	#onAnswer(answer: Answer): void {
		const question = this.#questions.get(answer.id);
		if (answer.kind === 'exported') question?.onExported(answer.snapshot);
		else question?.position.resolve(BigInt(answer.seq));
	}

	#onAsk(ask: Ask): void {
		const maintainer = this.#maintainer();
		if (!maintainer) return;
		if (ask.kind === 'imported') return this.#imports.get(ask.id)?.();
		// The asker does not wait for ever, and asks again.
		const answering =
			ask.kind === 'applied' ? this.#whenApplied(maintainer, ask) : this.#export(maintainer, ask);
		answering.then(
			(seq) => this.#tell('answer', { id: ask.id, kind: 'position', seq: seq.toString() }),
			() => {}
		);
	}

	async #whenApplied(maintainer: Maintainer, { xid }: Extract<Ask, { kind: 'applied' }>): Promise<bigint> {
		const waiting = maintainer.whenApplied(BigInt(xid));
		const timer = setTimeout(() => waiting.forget(), answerWithinMs);
		const { seq } = await waiting.promise;
		clearTimeout(timer);
		return seq;
	}

	async #export(maintainer: Maintainer, { id, tables }: Extract<Ask, { kind: 'snapshot' }>): Promise<bigint> {
		// It was asked again while the answer is under way.
		if (this.#imports.has(id)) return Promise.reject(new Error('answered already'));
		this.#imports.set(id, () => {});
		const request: SnapshotRequest = {
			tables,
			bound: deferred(),
			import: (exported) =>
				new Promise((resolve, reject) => {
					const late = setTimeout(() => reject(new Error('not imported in time')), importWithinMs);
					this.#imports.set(id, () => {
						clearTimeout(late);
						resolve();
					});
					this.#tell('answer', { id, kind: 'exported', snapshot: exported });
				})
		};
		try {
			const { seq } = await maintainer.snapshot(request);
			return seq;
		} finally {
			this.#imports.delete(id);
		}
	}

	#tell(channel: 'ask' | 'answer', message: Ask | Answer): void {
		this.#channel.tell(channel, JSON.stringify(message));
	}
}

function newId(): string {
	return randomBytes(9).toString('base64url');
}
