import type { Logger } from '#kernel';
import type { ConditionName, HealthState, HealthStatus, Problem } from './types.ts';

interface Condition extends Problem {
	readonly message: string;
	/** Whether it lasted long enough to be shown. */
	shown: boolean;
	readonly timer: NodeJS.Timeout;
}

/** What passes by itself in less than this (a connection that is replaced) is nobody's business. */
const settleMs = 1_000;
const severe: ReadonlySet<ConditionName> = new Set(['database']);

/** What is wrong just now. Each thing is logged when it begins and when it ends, however often it is told. */
export class Conditions {
	readonly #log: Logger;
	readonly #open = new Map<ConditionName, Condition>();
	readonly #settleMs: number;

	constructor(log: Logger, settle = settleMs) {
		this.#log = log;
		this.#settleMs = settle;
	}

	/** Something is wrong, in words for people; or right again (undefined). */
	report(name: ConditionName, message: string | undefined, cause?: unknown): void {
		const open = this.#open.get(name);
		if (message === undefined) this.#close(open);
		else if (open) this.#open.set(name, Object.assign(open, { message }));
		else this.#begin(name, message, cause);
	}

	state(): HealthState {
		const shown = [...this.#open.values()].filter((condition) => condition.shown);
		const problems = shown
			.map(({ name, message, since }) => ({ name, message, since }))
			.sort((a, b) => a.since.getTime() - b.since.getTime());
		return { status: statusOf(problems), problems };
	}

	end(): void {
		for (const { timer } of this.#open.values()) clearTimeout(timer);
		this.#open.clear();
	}

	#begin(name: ConditionName, message: string, cause: unknown): void {
		const show = () => {
			condition.shown = true;
			const error = cause === undefined ? {} : { error: cause };
			this.#log.warn('something is wrong', { condition: name, problem: condition.message, ...error });
		};
		const timer = setTimeout(show, this.#settleMs).unref();
		const condition: Condition = { name, message, since: new Date(), shown: false, timer };
		this.#open.set(name, condition);
	}

	#close(condition: Condition | undefined): void {
		if (!condition) return;
		clearTimeout(condition.timer);
		this.#open.delete(condition.name);
		if (!condition.shown) return;
		const seconds = Math.round((Date.now() - condition.since.getTime()) / 1000);
		this.#log.info('it is right again', { condition: condition.name, seconds });
	}
}

function statusOf(problems: readonly Problem[]): HealthStatus {
	if (problems.some(({ name }) => severe.has(name))) return 'unavailable';
	return problems.length > 0 ? 'degraded' : 'ready';
}
