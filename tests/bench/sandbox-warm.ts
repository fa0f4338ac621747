import ivm from 'isolated-vm';
import { silentLogger } from '#kernel';
import { createIsolates, type IsolateCall, type Isolates } from '#platform/isolates';
import { quantile, row, type Row } from './row.ts';

const warmUp = 100;
const samples = 1000;

/** A handler of some substance: it validates, sorts and sums fifty lines, and brings a library along. */
const bundle = `
	${Array.from({ length: 200 }, (_, i) => `function helper${i}(x) { return x + ${i}; }`).join('\n')}
	globalThis.__handlers = { 'logic/total.ts': async (request) => {
		const lines = request.lines.filter((line) => line.points > 0).sort((a, b) => b.points - a.points);
		return { total: lines.reduce((sum, line) => sum + line.points, 0), first: lines[0].title };
	} };`;
const request = JSON.stringify({
	lines: Array.from({ length: 50 }, (_, i) => ({ title: `line ${i}`, points: (i * 7) % 13 }))
});
const expected = JSON.stringify({ total: 294, first: 'line 11' });

/**
 * A call in a warm sandbox process, from request to answer, against isolated-vm in this process with the
 * same policy: the isolate is kept and the script compiled, the context is new for each call.
 */
export async function run(): Promise<Row[]> {
	const isolates = createIsolates({ log: silentLogger, slots: 2 });
	try {
		const floor = inProcess();
		const ours: number[] = [];
		const theirs: number[] = [];
		for (let i = -warmUp; i < samples; i++) {
			const [mine, bare] = [await timed(() => throughSandbox(isolates)), await timed(floor)];
			if (i >= 0) {
				ours.push(mine);
				theirs.push(bare);
			}
		}
		return [
			row({
				name: 'sandbox warm',
				value: quantile(ours, 0.5),
				unit: 'ms p50',
				against: 'isolated-vm in process',
				reference: quantile(theirs, 0.5),
				goal: '<= 3'
			})
		];
	} finally {
		await isolates.end();
	}
}

async function timed(work: () => Promise<string>): Promise<number> {
	const started = performance.now();
	const answer = await work();
	const ended = performance.now();
	if (answer !== expected) throw new Error(`a wrong answer: ${answer}`);
	return ended - started;
}

async function throughSandbox(isolates: Isolates): Promise<string> {
	const call: IsolateCall = {
		tenant: 'bench',
		program: { key: 'bench', bundle, tables: ['tickets'] },
		handler: 'logic/total.ts',
		request,
		principal: { id: '', name: '', roles: [] },
		now: Date.now(),
		wallMs: 5000,
		host: () => Promise.reject(new Error('not asked for')),
		onLog: () => {}
	};
	const outcome = await isolates.call(call);
	if (!outcome.ok) throw new Error(outcome.thrown.message);
	return outcome.result;
}

function inProcess(): () => Promise<string> {
	const isolate = new ivm.Isolate({ memoryLimit: 64 });
	const script = isolate.compileScriptSync(bundle);
	const runner = isolate.compileScriptSync(
		`(async (file, text) => JSON.stringify(await globalThis.__handlers[file](JSON.parse(text))))`
	);
	return async () => {
		const context = await isolate.createContext();
		await script.run(context);
		const handle = (await runner.run(context, { reference: true })) as ivm.Reference;
		const answer = await handle.apply(undefined, ['logic/total.ts', request], { result: { promise: true } });
		handle.release();
		context.release();
		return answer as string;
	};
}
