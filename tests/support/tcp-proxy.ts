import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A network that can be cut: passes bytes between its port and a target, or does not. */
export interface TcpProxy {
	readonly port: number;
	/** The url with the proxy in its place of the target. */
	through(url: string): string;
	/** From now on nothing passes, in either direction, and nobody is told; new connections hang too. */
	stall(): void;
	/** What waited passes, as after a cut of a cable. */
	resume(): void;
	/** Cuts every connection with a reset; new ones are taken again. */
	reset(): void;
	close(): Promise<void>;
}

export async function tcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
	const pairs = new Set<{ readonly outer: Socket; readonly inner: Socket }>();
	let stalled = false;
	const server = createServer((outer) => {
		const inner = connect(target.port, target.host);
		const pair = { outer, inner };
		pairs.add(pair);
		join(outer, inner);
		join(inner, outer);
		if (stalled) for (const socket of [outer, inner]) socket.pause();
	});

	function join(from: Socket, to: Socket): void {
		from.on('data', (bytes) => {
			if (!to.write(bytes)) from.pause();
		});
		to.on('drain', () => {
			if (!stalled) from.resume();
		});
		from.on('end', () => {
			if (!stalled) to.end();
		});
		from.on('error', () => {});
		from.on('close', () => {
			// While it is cut nobody hears of the other's end.
			if (!stalled) to.destroy();
		});
	}

	function each(work: (socket: Socket) => void): void {
		for (const { outer, inner } of pairs) for (const socket of [outer, inner]) work(socket);
	}

	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		port,
		through(url) {
			const changed = new URL(url);
			changed.hostname = '127.0.0.1';
			changed.port = String(port);
			return changed.toString();
		},
		stall() {
			stalled = true;
			each((socket) => socket.pause());
		},
		resume() {
			stalled = false;
			for (const pair of pairs) {
				const gone = pair.outer.destroyed || pair.inner.destroyed;
				for (const socket of [pair.outer, pair.inner]) if (gone) socket.destroy();
				if (gone) pairs.delete(pair);
			}
			each((socket) => socket.resume());
		},
		reset() {
			stalled = false;
			each((socket) => socket.resetAndDestroy());
			pairs.clear();
		},
		async close() {
			each((socket) => socket.destroy());
			await new Promise((resolve) => server.close(resolve));
		}
	};
}
