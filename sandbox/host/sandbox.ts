import { readFileSync } from 'node:fs';
import ivm from 'isolated-vm';
import { bundleName, defaultLimits, type ChildMessage, type ParentMessage } from '#sandbox/protocol';
import { watchCpu } from './cpu.ts';

type CallMessage = Extract<ParentMessage, { type: 'call' }>;
type Send = (message: ChildMessage, body?: string) => void;

const limits = defaultLimits;
const guestSource = readFileSync(new URL('../guest/guest.js', import.meta.url), 'utf8');

/** Bundles whose compiled code is kept, so that coming back to a release costs little. */
const keptCodes = 16;

/** An isolate with one release compiled, and a context made ahead of the next call. */
interface Loaded {
	readonly release: string;
	readonly tables: readonly string[];
	readonly bundle: string;
	readonly isolate: ivm.Isolate;
	readonly guest: ivm.Script;
	readonly script: ivm.Script;
	ahead: Prepared | undefined;
}

/** A fresh context in which the guest has run and user code has not. */
interface Prepared {
	readonly context: ivm.Context;
	readonly begin: ivm.Reference;
	readonly run: ivm.Reference;
	readonly reply: ivm.Reference;
}

export interface Sandbox {
	receive(message: ParentMessage, body: string): void;
}

/**
 * Runs one call at a time, each in a context of its own in the release's isolate. What is asked of the
 * isolate on this thread is only the guest's own code; user code runs on the isolate's thread, so that this
 * one stays able to speak. The parent does not rely on that: it has a deadline of its own.
 */
export function createSandbox(send: Send): Sandbox {
	const codes = new Map<string, ivm.ExternalCopy<ArrayBuffer>>();
	let guestCode: ivm.ExternalCopy<ArrayBuffer> | undefined;
	let loaded: Loaded | undefined;
	let current: { call: number; prepared: Prepared } | undefined;

	function load(release: string, tables: readonly string[], bundle: string): void {
		unload();
		const isolate = new ivm.Isolate({
			memoryLimit: limits.heapMiB,
			// V8 has lost control of the isolate: nothing in this process can be relied on.
			onCatastrophicError: () => process.abort()
		});
		const guest = isolate.compileScriptSync(guestSource, { filename: 'loam.js', ...cached(guestCode) });
		guestCode ??= (guest as Produced).cachedData;
		const script = compile(isolate, release, bundle);
		loaded = { release, tables, bundle, isolate, guest, script, ahead: undefined };
	}

	/** Code caches are made in this process and never leave it: a forged one would be machine code. */
	function compile(isolate: ivm.Isolate, release: string, bundle: string): ivm.Script {
		const code = codes.get(release);
		const script = isolate.compileScriptSync(bundle, { filename: bundleName, ...cached(code) });
		if (!code) {
			const made = (script as Produced).cachedData;
			if (made) codes.set(release, made);
			if (codes.size > keptCodes) codes.delete(codes.keys().next().value!);
		}
		return script;
	}

	function unload(): void {
		if (loaded && !loaded.isolate.isDisposed) loaded.isolate.dispose();
		loaded = undefined;
	}

	function prepare({ isolate, guest, tables }: Loaded): Prepared {
		const context = isolate.createContextSync();
		const start = guest.runSync(context, { reference: true }) as ivm.Reference;
		const settings = JSON.stringify({ ...limits, tables });
		const doors = start.applySync(
			undefined,
			[new ivm.Callback(onSend, { ignored: true }), new ivm.Callback(onBreach, { ignored: true }), settings],
			{ result: { reference: true } }
		) as ivm.Reference;
		const [begin, run, reply] = ['begin', 'run', 'reply'].map((name) =>
			doors.getSync(name, { reference: true })
		);
		start.release();
		doors.release();
		return { context, begin: begin!, run: run!, reply: reply! };
	}

	/** From the guest: only texts and numbers cross, whatever user code did to its objects. */
	function onSend(kind: unknown, id: unknown, name: unknown, text: unknown): void {
		if (!current || typeof id !== 'number' || typeof name !== 'string' || typeof text !== 'string') return;
		const { call } = current;
		if (kind === 'host') send({ type: 'host', call, id, method: name }, text);
		else send({ type: 'log', call, level: name as 'info' }, text);
	}

	function onBreach(limit: unknown): void {
		if (current) send({ type: 'breach', call: current.call, limit: limit as 'log' });
	}

	async function call(message: CallMessage, request: string): Promise<void> {
		const { isolate } = loaded!;
		const stopWatching = watchCpu(isolate, limits.cpuMs, () =>
			send({ type: 'breach', call: message.call, limit: 'cpu' })
		);
		try {
			const outcome = await outcomeOf(message, request);
			finish(message.call, outcome, stopWatching());
		} catch (error) {
			const cpuMs = stopWatching();
			// Past its memory limit an isolate disposes of itself.
			if (isolate.isDisposed) send({ type: 'breach', call: message.call, limit: 'memory' });
			else finish(message.call, thrownText(error), cpuMs);
		}
	}

	/** `R` and the answer, or `E` and what was thrown. Rejects with what the guest did not catch. */
	async function outcomeOf(message: CallMessage, request: string): Promise<string> {
		const prepared = loaded!.ahead ?? prepare(loaded!);
		loaded!.ahead = undefined;
		current = { call: message.call, prepared };
		const { principal, now, seed, handler } = message;
		const info = JSON.stringify({ principal, now, seed });
		prepared.begin.applySync(undefined, [info]);
		await loaded!.script.run(prepared.context, { release: false });
		return prepared.run.apply(undefined, [handler, request, info], {
			result: { promise: true }
		}) as Promise<string>;
	}

	function finish(call: number, outcome: string, cpuMs: number): void {
		const { prepared } = current!;
		current = undefined;
		send({ type: outcome[0] === 'R' ? 'done' : 'threw', call, cpuMs }, outcome.slice(1));
		setImmediate(() => {
			release(prepared);
			makeReady();
		});
	}

	function release({ begin, run, reply, context }: Prepared): void {
		for (const handle of [begin, run, reply, context]) handle.release();
	}

	/** Between calls: a new isolate when the old one has filled up, and the next context. */
	function makeReady(): void {
		if (!loaded || current) return;
		const { used_heap_size: used, externally_allocated_size: external } =
			loaded.isolate.getHeapStatisticsSync();
		if (used + external > (limits.heapMiB / 2) * 1024 * 1024)
			load(loaded.release, loaded.tables, loaded.bundle);
		loaded.ahead ??= prepare(loaded);
	}

	return {
		receive(message, body) {
			switch (message.type) {
				case 'load':
					load(message.release, message.tables, body);
					break;
				case 'call':
					void call(message, body);
					break;
				case 'reply':
					if (current?.call === message.call) {
						current.prepared.reply.applyIgnored(undefined, [message.id, message.ok, body]);
					}
			}
		}
	};
}

/**
 * What the guest could not see: an error at the top of the bundle, a rejection that nobody handled. The
 * isolate's errors come as copies; their words are all that is taken of them.
 */
function thrownText(error: unknown): string {
	const { name, message, stack } = (error ?? {}) as Partial<Error>;
	const text = (value: unknown, length: number) => (typeof value === 'string' ? value.slice(0, length) : '');
	return `E${JSON.stringify({ kind: 'error', name: text(name, 200), message: text(message, 4000), stack: text(stack, 8000) })}`;
}

/** What compileScript adds to a Script when asked for it; its declaration leaves it out. */
interface Produced extends ivm.Script {
	readonly cachedData?: ivm.ExternalCopy<ArrayBuffer>;
}

function cached(code: ivm.ExternalCopy<ArrayBuffer> | undefined) {
	return code ? { cachedData: code } : { produceCachedData: true as const };
}
