/** A promise with its ends outside. */
export interface Deferred<T> {
	readonly promise: Promise<T>;
	resolve(value: T): void;
	reject(error: unknown): void;
}

export function deferred<T>(): Deferred<T> {
	const made = Promise.withResolvers<T>();
	// whoever waits sees the rejection; nobody may be waiting yet
	made.promise.catch(() => {});
	return made;
}
