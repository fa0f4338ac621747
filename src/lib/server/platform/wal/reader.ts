/** Reads the big-endian fields of one message, front to back. */
export class ByteReader {
	readonly #buffer: Buffer;
	#at: number;

	constructor(buffer: Buffer, at = 0) {
		this.#buffer = buffer;
		this.#at = at;
	}

	uint8(): number {
		return this.#buffer.readUInt8(this.#at++);
	}

	char(): string {
		return String.fromCharCode(this.uint8());
	}

	uint16(): number {
		const value = this.#buffer.readUInt16BE(this.#at);
		this.#at += 2;
		return value;
	}

	int32(): number {
		const value = this.#buffer.readInt32BE(this.#at);
		this.#at += 4;
		return value;
	}

	uint32(): number {
		const value = this.#buffer.readUInt32BE(this.#at);
		this.#at += 4;
		return value;
	}

	uint64(): bigint {
		const value = this.#buffer.readBigUInt64BE(this.#at);
		this.#at += 8;
		return value;
	}

	/** Bytes up to a zero byte. */
	cstring(): string {
		const end = this.#buffer.indexOf(0, this.#at);
		const text = this.#buffer.toString('utf8', this.#at, end);
		this.#at = end + 1;
		return text;
	}

	text(length: number): string {
		const text = this.#buffer.toString('utf8', this.#at, this.#at + length);
		this.#at += length;
		return text;
	}
}
