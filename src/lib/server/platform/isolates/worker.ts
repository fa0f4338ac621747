import { randomFillSync } from 'node:crypto';
import { type AppError, toAppError, unreachable } from '#kernel';
import {
	defaultLimits,
	encodeFrame,
	frameReader,
	type Breach,
	type ChildMessage,
	type ParentMessage,
	type ThrownError
} from '#sandbox/protocol';
import { errors } from './errors.ts';
import { processorTimeOf, residentOf, setNiceness } from './process-usage.ts';
import { spawnSandbox } from './spawn.ts';
import type { IsolateCall, IsolateOutcome } from './types.ts';

/** Resident memory at which a process is killed: far above what a heap within its limit needs. */
const residentBytes = 768 * 1024 * 1024;
const watchEveryMs = 40;
/** Processor time in one call after which its process waits behind all others. */
const politeMs = 60;

/** UTF-8 has at most three bytes for a UTF-16 unit. */
const maxFrameBytes = defaultLimits.textLength * 3 + 64 * 1024;

interface Running {
	readonly number: number;
	readonly call: IsolateCall;
	readonly timers: NodeJS.Timeout[];
	pending: number;
	settle(outcome: IsolateOutcome): void;
	fail(error: AppError): void;
}

/** A sandbox process as the pool sees it. */
export interface Worker {
	readonly pid: number;
	/** Resolves when it can take a call; rejects with SANDBOX_DIED. */
	readonly ready: Promise<void>;
	readonly tenant: string | undefined;
	readonly program: string | undefined;
	readonly busy: boolean;
	/** Not killed and not dead. */
	readonly alive: boolean;
	/** Whether it ever said that it can take a call. */
	readonly wasReady: boolean;
	/** When it last ended a call, or began; milliseconds since 1970. */
	readonly idleSince: number;
	run(call: IsolateCall): Promise<IsolateOutcome>;
	kill(): void;
}

/**
 * Starts a process. It is killed at any sign of being beyond control: a limit, a deadline, a message that
 * makes no sense. `onGone` is called once, when it is dead.
 */
export function startWorker(root: string, onGone: (worker: Worker) => void): Worker {
	const { process: child, socket } = spawnSandbox(root);
	let tenant: string | undefined;
	let program: string | undefined;
	let running: Running | undefined;
	let numbers = 0;
	let idleSince = Date.now();
	let dead = false;
	let doomed = false;
	let wasReady = false;
	let lowered = false;
	let setReady = () => {};
	let setFailed = (_error: AppError) => {};
	const ready = new Promise<void>((resolve, reject) => {
		setReady = resolve;
		setFailed = reject;
	});
	ready.catch(() => {});

	const worker: Worker = {
		pid: child.pid ?? 0,
		ready,
		get tenant() {
			return tenant;
		},
		get program() {
			return program;
		},
		get busy() {
			return running !== undefined;
		},
		get alive() {
			return !doomed && !dead;
		},
		get wasReady() {
			return wasReady;
		},
		get idleSince() {
			return idleSince;
		},
		run,
		kill
	};

	child.once('exit', gone);
	child.once('error', gone);
	socket.on('error', kill);
	const read = frameReader<ChildMessage>(maxFrameBytes, receive);
	socket.on('data', (chunk: Buffer) => {
		try {
			read(chunk);
		} catch {
			kill();
		}
	});
	// Only a call, or a process about to take one, keeps the app alive.
	child.unref();

	function send(message: ParentMessage, body?: string): void {
		if (!dead) socket.write(encodeFrame(message, body));
	}

	function run(call: IsolateCall): Promise<IsolateOutcome> {
		return new Promise((resolve, reject) => {
			const number = ++numbers;
			socket.ref();
			running = { number, call, timers: [], pending: 0, settle: resolve, fail: reject };
			tenant = call.tenant;
			if (program !== call.program.key) {
				send({ type: 'load', release: call.program.key, tables: call.program.tables }, call.program.bundle);
				program = call.program.key;
			}
			const { handler, principal, now, request } = call;
			send({ type: 'call', call: number, handler, principal, now, seed: randomSeed() }, request);
			running.timers.push(
				setTimeout(() => breach('wall'), call.wallMs),
				setInterval(watch, watchEveryMs, processorTimeOf(worker.pid))
			);
		});
	}

	/** A long call neither fills the memory nor holds up its neighbours' short ones. */
	function watch(before: number): void {
		if (residentOf(worker.pid) > residentBytes) breach('memory');
		else if (!lowered && processorTimeOf(worker.pid) - before > politeMs)
			lowered = setNiceness(worker.pid, 19);
	}

	/** What cannot come back among the others is not used again. */
	function raise(): void {
		if (lowered && !setNiceness(worker.pid, 0)) kill();
		lowered = false;
	}

	function receive(message: ChildMessage, body: string): void {
		if (message.type === 'ready') {
			wasReady = true;
			if (!running) socket.unref();
			setReady();
			return;
		}
		// What belongs to a call that has ended is not heard.
		if (!running || message.call !== running.number) return;
		switch (message.type) {
			case 'host':
				void answer(running, message.id, message.method, body);
				break;
			case 'log':
				running.call.onLog(message.level, JSON.parse(body) as { message: string });
				break;
			case 'done': {
				const unawaited = running.pending;
				end()?.settle({ ok: true, result: body, cpuMs: message.cpuMs, unawaited });
				break;
			}
			case 'threw':
				end()?.settle({ ok: false, thrown: JSON.parse(body) as ThrownError, cpuMs: message.cpuMs });
				break;
			case 'breach':
				breach(message.limit);
				break;
			default:
				unreachable(message);
		}
	}

	/** The handler gets an answer or a clean error; what went wrong inside stays here. */
	async function answer(asked: Running, id: number, method: string, body: string): Promise<void> {
		asked.pending++;
		try {
			const value = await asked.call.host(method, JSON.parse(body) as unknown[]);
			reply(asked, id, true, value);
		} catch (error) {
			const { code, reason, message } = toAppError(error);
			reply(asked, id, false, { code, reason, message });
		} finally {
			asked.pending--;
		}
	}

	function reply(asked: Running, id: number, ok: boolean, value: unknown): void {
		if (running === asked) send({ type: 'reply', call: asked.number, id, ok }, JSON.stringify(value) ?? '');
	}

	/** The call that is over now, if there was one. */
	function end(): Running | undefined {
		const ended = running;
		running = undefined;
		idleSince = Date.now();
		socket.unref();
		raise();
		for (const timer of ended?.timers ?? []) clearTimeout(timer);
		return ended;
	}

	function breach(limit: Breach): void {
		kill();
		end()?.fail(breachError(limit));
	}

	function kill(): void {
		doomed = true;
		child.kill('SIGKILL');
	}

	function gone(): void {
		if (dead) return;
		dead = true;
		socket.destroy();
		const error = errors.SANDBOX_DIED('The command was interrupted. Nothing was changed; please try again.');
		setFailed(error);
		end()?.fail(error);
		onGone(worker);
	}

	return worker;
}

function randomSeed(): number[] {
	return [...randomFillSync(new Uint32Array(4))];
}

function breachError(limit: Breach): AppError {
	switch (limit) {
		case 'cpu':
			return errors.SANDBOX_CPU(
				`The command used more than ${defaultLimits.cpuMs} ms of processor time and was stopped. Nothing was changed.`
			);
		case 'memory':
			return errors.SANDBOX_MEMORY(
				`The command used more than ${defaultLimits.heapMiB} MiB of memory and was stopped. Nothing was changed.`
			);
		case 'wall':
			return errors.SANDBOX_TIMEOUT('The command took too long and was stopped. Nothing was changed.');
		case 'host-calls':
			return errors.SANDBOX_HOST_CALLS(
				`The command made more than ${defaultLimits.hostCalls} calls and was stopped. Nothing was changed.`
			);
		case 'log':
			return errors.SANDBOX_LOG(
				`The command wrote more than ${defaultLimits.logLines} log lines, or one of more than ${defaultLimits.logLength} characters, and was stopped. Nothing was changed.`
			);
		case 'result':
			return errors.SANDBOX_RESULT(
				`An argument or the answer of the command was longer than ${defaultLimits.textLength} characters. Nothing was changed.`
			);
		default:
			// The child's word: whatever it says, it is of no more use.
			return errors.SANDBOX_DIED('The command was interrupted. Nothing was changed; please try again.');
	}
}
