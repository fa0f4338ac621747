import { Worker } from 'node:worker_threads';
import { typeHint } from '#engine/schema';
import type { Diagnostic } from '#kernel';
import type { TypeFinding, TypesRequest, TypesResponse } from './protocol.ts';

/** Past it the check is given up and the thread made anew. */
const timeoutMs = 30_000;

/** Type checks in a thread that keeps its programs warm. */
export interface TypeChecker {
	check(module: Omit<TypesRequest, 'id'>): Promise<Diagnostic[]>;
	/** Loads TypeScript and its libraries while nobody waits, if that was not done yet. */
	warm(): void;
	end(): Promise<void>;
}

interface Waiting {
	readonly resolve: (findings: readonly TypeFinding[]) => void;
	readonly reject: (error: Error) => void;
}

export function createTypeChecker(): TypeChecker {
	let worker: Worker | undefined;
	let lastId = 0;
	const waiting = new Map<number, Waiting>();

	function fail(failed: Worker, error: Error): void {
		if (worker !== failed) return;
		worker = undefined;
		for (const one of waiting.values()) one.reject(error);
		waiting.clear();
	}

	function start(): Worker {
		const made = new Worker(new URL('./worker.ts', import.meta.url), {
			resourceLimits: { maxOldGenerationSizeMb: 1024 },
			execArgv: []
		});
		made.unref();
		made.on('message', ({ id, findings }: TypesResponse) => {
			waiting.get(id)?.resolve(findings);
			waiting.delete(id);
		});
		made.on('error', (error) => fail(made, error as Error));
		made.on('exit', () => fail(made, new Error('the thread that checks types ended')));
		return made;
	}

	function ask(request: TypesRequest): Promise<readonly TypeFinding[]> {
		worker ??= start();
		const asked = worker;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				fail(asked, new TypesTimeout());
				void asked.terminate();
			}, timeoutMs);
			const settle =
				<T>(done: (value: T) => void) =>
				(value: T) => {
					clearTimeout(timer);
					done(value);
				};
			waiting.set(request.id, { resolve: settle(resolve), reject: settle(reject) });
			asked.postMessage(request);
		});
	}

	async function check(module: Omit<TypesRequest, 'id'>): Promise<Diagnostic[]> {
		try {
			return (await ask({ ...module, id: ++lastId })).map(diagnosticOf);
		} catch (error) {
			if (error instanceof TypesTimeout) return [timedOut(Object.keys(module.files)[0] ?? 'schema.proto')];
			throw error;
		}
	}

	return {
		check,
		warm() {
			if (worker) return;
			const files = { 'logic/warm.ts': 'export default async () => [1].map(String);' };
			check({ key: '', files, sdk: '', handlers: [], loose: false }).catch(() => {});
		},
		async end() {
			const ending = worker;
			worker = undefined;
			await ending?.terminate();
		}
	};
}

class TypesTimeout extends Error {
	override readonly name = 'TypesTimeout';
}

function timedOut(file: string): Diagnostic {
	return {
		severity: 'error',
		file,
		line: 1,
		column: 1,
		reason: 'TYPES_TIMEOUT',
		message: `The types of logic/ took longer than ${timeoutMs / 1000} s to check.`,
		hint: 'Make deeply recursive types simpler.'
	};
}

function diagnosticOf({ code, message: whole, ...place }: TypeFinding): Diagnostic {
	const hint = typeHint(code);
	// TypeScript goes on to advise on a configuration that an author doesn't have.
	const message = whole.replace(/ (?:Do you need to|Consider) [^]*$/, '');
	return {
		severity: 'error',
		...place,
		reason: `TS${code}`,
		message,
		...(hint === undefined ? {} : { hint })
	};
}
