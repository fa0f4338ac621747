import { error } from '@sveltejs/kit';
import { AppError, httpStatus } from '#kernel';

/** An expected failure becomes the error screen of its status; anything else stays what it is. */
export async function asScreen<T>(
	work: () => Promise<T>,
	hint?: (failure: AppError) => Promise<string | undefined>
): Promise<T> {
	try {
		return await work();
	} catch (failure) {
		if (!(failure instanceof AppError)) throw failure;
		const told = await hint?.(failure);
		error(httpStatus[failure.code], {
			message: failure.message,
			reason: failure.reason,
			...(told === undefined ? {} : { hint: told })
		});
	}
}
