// What user code sees. Runs first in every context; its completion value is a function that the host calls
// once with its two doors. Everything below is taken from the context before user code can change it, and
// nothing of it is reachable from a global but `loam`, which the handler is given.
(function (send, breach, settingsText) {
	'use strict';
	const { parse, stringify } = JSON;
	const { freeze, defineProperty } = Object;
	const { construct, apply } = Reflect;
	const GuestError = Error;
	const GuestPromise = Promise;
	const GuestMap = Map;
	const { set: mapSet, get: mapGet, delete: mapDelete } = Map.prototype;
	const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size').get;
	const toText = String;
	const settings = parse(settingsText);

	harden();

	let clock = 0;
	let seed = [1, 2, 3, 4];
	fixClock();
	defineProperty(Math, 'random', { value: random, writable: false, configurable: false });

	// ---- the host's doors

	const waiting = new GuestMap();
	let hostCalls = 0;
	let ended = false;
	let logLines = 0;

	/** Nothing here may be observed or changed by what user code did to the globals. */
	function host(method, args) {
		if (ended) throw new GuestError('The call has ended.');
		if (++hostCalls > settings.hostCalls) over('host-calls');
		const text = stringify(args);
		if (text.length > settings.textLength) over('result');
		const id = hostCalls;
		return new GuestPromise((resolve, reject) => {
			apply(mapSet, waiting, [id, { resolve, reject }]);
			send('host', id, method, text);
		});
	}

	/** Called by the host. */
	function reply(id, ok, text) {
		const call = apply(mapGet, waiting, [id]);
		if (!call) return;
		apply(mapDelete, waiting, [id]);
		const value = text === '' ? undefined : parse(text);
		if (ok) call.resolve(value);
		else call.reject(new HostError(value));
	}

	/** The host ends the process when it hears this, whatever the code does with the exception. */
	function over(limit) {
		breach(limit);
		throw new GuestError(`over the limit: ${limit}`);
	}

	class HostError extends GuestError {
		constructor({ code, reason, message }) {
			super(message);
			defineProperty(this, 'name', { value: 'LoamError' });
			defineProperty(this, 'code', { value: code });
			defineProperty(this, 'reason', { value: reason });
		}
	}

	class Failure extends GuestError {
		#reason;
		constructor(reason, message) {
			super(message);
			this.#reason = reason;
		}
		/** Private names cannot be forged: only loam.fail makes these. */
		static reasonOf(error) {
			return #reason in error ? error.#reason : undefined;
		}
	}
	const { reasonOf } = Failure;

	// ---- loam

	function makeLoam(principal) {
		const db = {
			query: (sql, ...params) => host('db.query', [toText(sql), params]),
			one: (sql, ...params) => host('db.one', [toText(sql), params])
		};
		for (const table of settings.tables) {
			if (table === 'query' || table === 'one') continue;
			db[table] = freeze({
				get: (key) => host('table.get', [table, key]),
				list: (options) => host('table.list', [table, options ?? {}]),
				insert: (row) => host('table.insert', [table, row]),
				update: (key, patch) => host('table.update', [table, key, patch]),
				delete: (key) => host('table.delete', [table, key])
			});
		}
		return freeze({
			db: freeze(db),
			log,
			principal: freeze({ ...principal, roles: freeze(principal.roles) }),
			now: () => new Date(clock).toISOString(),
			random,
			uuid,
			fail(reason, message) {
				throw new Failure(toText(reason), toText(message));
			}
		});
	}

	const log = freeze({
		debug: (message, fields) => line('debug', message, fields),
		info: (message, fields) => line('info', message, fields),
		warn: (message, fields) => line('warn', message, fields),
		error: (message, fields) => line('error', message, fields)
	});

	function line(level, message, fields) {
		if (++logLines > settings.logLines) over('log');
		const text = stringify({ message: toText(message), fields });
		if (text.length > settings.logLength) over('log');
		send('log', 0, level, text);
	}

	const consoleLine =
		(level) =>
		(...values) =>
			line(level, values.map((v) => (typeof v === 'string' ? v : inspect(v))).join(' '));
	globalThis.console = {
		debug: consoleLine('debug'),
		log: consoleLine('info'),
		info: consoleLine('info'),
		warn: consoleLine('warn'),
		error: consoleLine('error')
	};

	function inspect(value) {
		if (value instanceof GuestError) return toText(value.stack);
		try {
			return stringify(value) ?? toText(value);
		} catch {
			return toText(value);
		}
	}

	// ---- a call

	async function run(file, requestText, infoText) {
		try {
			const info = parse(infoText);
			const handlers = globalThis.__handlers;
			const handler = handlers && typeof handlers === 'object' ? handlers[file] : undefined;
			if (typeof handler !== 'function')
				return `E${stringify({ kind: 'missing', name: '', message: '', stack: '' })}`;
			const result = await handler(parse(requestText), makeLoam(info.principal));
			ended = true;
			const left = apply(mapSize, waiting, []);
			if (left > 0) return `E${stringify({ kind: 'unawaited', name: '', message: toText(left), stack: '' })}`;
			const text = stringify(result === undefined || result === null ? {} : result);
			if (text === undefined) throw new TypeError('The handler must return an object.');
			if (text.length > settings.textLength) over('result');
			return `R${text}`;
		} catch (error) {
			ended = true;
			return `E${describe(error)}`;
		}
	}

	/** Whatever was thrown, also what resists being looked at. */
	function describe(error) {
		try {
			const isError = typeof error === 'object' && error !== null;
			const reason = isError ? reasonOf(error) : undefined;
			return stringify({
				kind: reason !== undefined ? 'fail' : error instanceof HostError ? 'host' : 'error',
				name: cut(isError ? error.name : typeof error, 200),
				message: cut(isError ? error.message : error, 4000),
				stack: cut(isError ? error.stack : '', 8000),
				reason: reason === undefined ? undefined : cut(reason, 200)
			});
		} catch {
			return '{"kind":"error","name":"Error","message":"The handler threw a value that cannot be read.","stack":""}';
		}
	}

	function cut(value, length) {
		const text = typeof value === 'string' ? value : toText(value);
		return text.length > length ? `${text.substring(0, length)}…` : text;
	}

	/** Sets what differs from call to call; before the bundle runs, so that its top level has it too. */
	function begin(infoText) {
		const info = parse(infoText);
		clock = info.now;
		seed = info.seed;
	}

	return { begin, run, reply };

	// ---- hardening (the recipe of the sandbox's facts)

	function harden() {
		for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry', 'WeakRef']) {
			delete globalThis[name];
		}
		// A looping prepareStackTrace or a captured stack escapes every timeout but a kill.
		defineProperty(GuestError, 'prepareStackTrace', {
			value: undefined,
			writable: false,
			configurable: false
		});
		defineProperty(GuestError, 'stackTraceLimit', { value: 20, writable: false, configurable: false });
		delete GuestError.captureStackTrace;
		refuseResizableBuffers();
	}

	/** Resizable buffers are outside the isolate's memory limit. */
	function refuseResizableBuffers() {
		const NativeBuffer = ArrayBuffer;
		const { prototype } = NativeBuffer;
		function FixedArrayBuffer(length, options) {
			if (!new.target) throw new TypeError("Constructor ArrayBuffer requires 'new'");
			if (options !== undefined) throw new RangeError('Resizable buffers are not available.');
			return construct(NativeBuffer, [length], new.target);
		}
		defineProperty(FixedArrayBuffer, 'name', { value: 'ArrayBuffer' });
		defineProperty(FixedArrayBuffer, 'prototype', { value: prototype, writable: false });
		FixedArrayBuffer.isView = NativeBuffer.isView;
		defineProperty(FixedArrayBuffer, Symbol.species, { get: () => FixedArrayBuffer });
		defineProperty(prototype, 'constructor', {
			value: FixedArrayBuffer,
			writable: false,
			configurable: false
		});
		for (const name of ['resize', 'transfer', 'transferToFixedLength']) delete prototype[name];
		globalThis.ArrayBuffer = FixedArrayBuffer;
	}

	/** The same time all through a call, so that a call can be replayed. */
	function fixClock() {
		const NativeDate = Date;
		const { prototype } = NativeDate;
		function FixedDate(...parts) {
			if (!new.target) return apply(prototype.toString, new NativeDate(clock), []);
			return construct(NativeDate, parts.length === 0 ? [clock] : parts, new.target);
		}
		defineProperty(FixedDate, 'name', { value: 'Date' });
		defineProperty(FixedDate, 'length', { value: 7 });
		defineProperty(FixedDate, 'prototype', { value: prototype, writable: false });
		FixedDate.now = () => clock;
		FixedDate.parse = NativeDate.parse;
		FixedDate.UTC = NativeDate.UTC;
		defineProperty(prototype, 'constructor', { value: FixedDate, writable: false, configurable: false });
		globalThis.Date = FixedDate;
	}

	/** sfc32 over the call's seed. */
	function next() {
		const t = (((seed[0] + seed[1]) | 0) + seed[3]) | 0;
		seed[3] = (seed[3] + 1) | 0;
		seed[0] = seed[1] ^ (seed[1] >>> 9);
		seed[1] = (seed[2] + (seed[2] << 3)) | 0;
		seed[2] = (seed[2] << 21) | (seed[2] >>> 11);
		seed[2] = (seed[2] + t) | 0;
		return t >>> 0;
	}

	function random() {
		return next() / 4294967296;
	}

	/** A UUIDv7 of the call's clock and seed. */
	function uuid() {
		const hex = (value, length) => value.toString(16).padStart(length, '0');
		const time = hex(clock, 12);
		const [a, b, c] = [next(), next(), next()];
		const version = hex(0x7000 | (a & 0x0fff), 4);
		const variant = hex(0x8000 | ((a >>> 16) & 0x3fff), 4);
		return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${hex(b, 8)}${hex(c & 0xffff, 4)}`;
	}
});
