import type { Diagnostic } from '#kernel';

/**
 * What `work` finds in a text that it reads by recursion; one finding where the text is nested (or a chain of
 * operators is) longer than the stack.
 */
export async function readDeep<T>(
	file: string,
	work: () => Promise<T>,
	otherwise: (finding: Diagnostic) => T
): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		return otherwise({
			severity: 'error',
			file,
			line: 1,
			column: 1,
			reason: 'SQL_TOO_DEEP',
			message: 'Something here is nested too deeply to be read.',
			hint: 'Write it in smaller steps.'
		});
	}
}
