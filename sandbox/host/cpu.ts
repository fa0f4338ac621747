import type ivm from 'isolated-vm';

const interval = 20;

/**
 * Calls `onOver` once when the isolate has used more than `limit` milliseconds of processor time since now.
 * A timeout of isolated-vm would forget what runs after an `await`. Returns a function that stops watching
 * and says how many milliseconds were used.
 */
export function watchCpu(isolate: ivm.Isolate, limit: number, onOver: () => void): () => number {
	const before = isolate.cpuTime;
	const used = () => (isolate.isDisposed ? 0 : Number(isolate.cpuTime - before) / 1e6);
	const timer = setInterval(() => {
		if (used() <= limit) return;
		clearInterval(timer);
		onOver();
	}, interval);
	return () => {
		clearInterval(timer);
		return used();
	};
}
