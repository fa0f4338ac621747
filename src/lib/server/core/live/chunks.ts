import { open, unlink, type FileHandle } from 'node:fs/promises';

/** The chunks of a snapshot, each a JSON array; in memory, or in a file where they are large. */
export interface Chunks {
	readonly count: number;
	/** Bytes held in memory, and on disk. */
	readonly memory: number;
	readonly disk: number;
	read(index: number): Promise<Buffer>;
	close(): Promise<void>;
}

export interface ChunkLimits {
	/** Bytes after which a chunk ends. */
	readonly chunk: number;
	/** Bytes after which a snapshot moves to disk. */
	readonly memory: number;
}

export const chunkLimits: ChunkLimits = { chunk: 1024 * 1024, memory: 4 * 1024 * 1024 };

interface Place {
	readonly start: number;
	readonly length: number;
}

/** Collects messages into chunks; past a size they go to the file of `path`. */
export class ChunkWriter {
	readonly #limits: ChunkLimits;
	readonly #path: () => Promise<string>;
	#messages: string[] = [];
	#length = 0;
	#buffers: Buffer[] = [];
	#inMemory = 0;
	#file: { handle: FileHandle; path: string } | undefined;
	readonly #places: Place[] = [];
	#written = 0;

	constructor(path: () => Promise<string>, limits: ChunkLimits = chunkLimits) {
		this.#path = path;
		this.#limits = limits;
	}

	add(message: string): void {
		this.#messages.push(message);
		this.#length += message.length + 1;
		if (this.#length >= this.#limits.chunk) this.#cut();
	}

	/** Moves what is too much for memory to disk. Call it now and then. */
	async flush(): Promise<void> {
		if (!this.#file && this.#inMemory <= this.#limits.memory) return;
		if (!this.#file) {
			const path = await this.#path();
			this.#file = { handle: await open(path, 'wx+', 0o600), path };
		}
		for (const buffer of this.#buffers) {
			await this.#file.handle.write(buffer, 0, buffer.length, this.#written);
			this.#places.push({ start: this.#written, length: buffer.length });
			this.#written += buffer.length;
		}
		this.#buffers = [];
		this.#inMemory = 0;
	}

	async finish(): Promise<Chunks> {
		if (this.#messages.length > 0 || (this.#buffers.length === 0 && this.#places.length === 0)) this.#cut();
		if (this.#file) await this.flush();
		return this.#file
			? onDisk(this.#file, this.#places, this.#written)
			: inMemory(this.#buffers, this.#inMemory);
	}

	async abandon(): Promise<void> {
		if (this.#file) await remove(this.#file);
	}

	#cut(): void {
		const buffer = Buffer.from(`[${this.#messages.join(',')}]`);
		this.#buffers.push(buffer);
		this.#inMemory += buffer.length;
		this.#messages = [];
		this.#length = 0;
	}
}

function inMemory(buffers: readonly Buffer[], memory: number): Chunks {
	return {
		count: buffers.length,
		memory,
		disk: 0,
		read: (index) => Promise.resolve(buffers[index]!),
		close: () => Promise.resolve()
	};
}

function onDisk(file: { handle: FileHandle; path: string }, places: readonly Place[], disk: number): Chunks {
	return {
		count: places.length,
		memory: 0,
		disk,
		async read(index) {
			const { start, length } = places[index]!;
			const { buffer } = await file.handle.read(Buffer.allocUnsafe(length), 0, length, start);
			return buffer;
		},
		close: () => remove(file)
	};
}

async function remove({ handle, path }: { handle: FileHandle; path: string }): Promise<void> {
	await handle.close();
	await unlink(path);
}
