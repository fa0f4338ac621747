import type { LogLevel } from '#kernel';
import type { ThrownError } from '#sandbox/protocol';

/** What runs: immutable, so it is loaded into a process once. */
export interface Program {
	/** Differs where anything of it differs. */
	readonly key: string;
	/** A script that sets `globalThis.__handlers`. */
	readonly bundle: string;
	/** Names under `loam.db`. */
	readonly tables: readonly string[];
}

export interface IsolateCall {
	/** Whose code it is: a process runs one tenant at a time, and a tenant has at most half of them. */
	readonly tenant: string;
	readonly program: Program;
	/** e.g. `logic/close_ticket.ts` */
	readonly handler: string;
	/** JSON. */
	readonly request: string;
	readonly principal: { readonly id: string; readonly name: string; readonly roles: readonly string[] };
	/** Milliseconds since 1970. */
	readonly now: number;
	/** From here to the end, milliseconds; waiting for the host counts. Then the process is killed. */
	readonly wallMs: number;
	/**
	 * A capability that the handler asks for: JSON in, JSON out. An AppError is given to the handler as
	 * `{code, reason, message}`; anything else as INTERNAL without its words. It is never called again once the call
	 * has ended.
	 */
	host(method: string, args: readonly unknown[]): Promise<unknown>;
	onLog(level: LogLevel, line: { readonly message: string; readonly fields?: unknown }): void;
	/** Called when the call has its process: before anything of it has run. */
	onStart?(): void;
}

export type IsolateOutcome =
	| {
			readonly ok: true;
			/** JSON */ readonly result: string;
			readonly cpuMs: number;
			readonly unawaited: number;
	  }
	| { readonly ok: false; readonly thrown: ThrownError; readonly cpuMs: number };

export interface Isolates {
	/**
	 * Runs a handler. What it throws is an outcome. Rejects with SANDBOX_CPU, …_MEMORY, …_TIMEOUT,
	 * …_HOST_CALLS, …_LOG, …_RESULT (its process is gone), SANDBOX_DIED, SANDBOX_BUSY.
	 */
	call(call: IsolateCall): Promise<IsolateOutcome>;
	stats(): IsolateStats;
	end(): Promise<void>;
}

export interface IsolateStats {
	readonly processes: number;
	readonly busy: number;
	readonly queued: number;
	/** Killed for going over a limit, or dead by themselves, since the start. */
	readonly killed: number;
	readonly pids: readonly number[];
}

export interface IsolateOptions {
	/** Processes at most; 8 unless told. */
	readonly slots?: number;
	/** Processes without a tenant that stand ready; 1 unless told. */
	readonly spares?: number;
	/** Milliseconds without a call after which a process ends; 10 minutes unless told. */
	readonly idleMs?: number;
	/** The folder that holds `sandbox/`; the working directory unless told. */
	readonly root?: string;
}
