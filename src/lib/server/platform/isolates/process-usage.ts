import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const pageBytes = 4096;
/** USER_HZ, which Linux fixes at 100 for programs. */
const tickMs = 10;

/** Bytes of resident memory; 0 where the system does not tell. */
export function residentOf(pid: number): number {
	return Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * pageBytes;
}

/** Milliseconds of processor time since the process began, in steps of ten; 0 where the system does not tell. */
export function processorTimeOf(pid: number): number {
	// The name, in parentheses, may hold spaces; utime and stime are the 12th and 13th after it.
	const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
	return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * tickMs;
}

/**
 * Puts every thread of a process behind those of others (19), or back among them (0). Without the right to go back,
 * false.
 */
export function setNiceness(pid: number, niceness: number): boolean {
	try {
		for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), niceness);
		return true;
	} catch {
		return false;
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
