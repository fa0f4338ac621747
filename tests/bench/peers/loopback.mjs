// Loaded before zero-cache, which would listen to the whole network.
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function (options, ...rest) {
	const isOpen = typeof options === 'object' && options?.host === '::';
	return listen.call(this, isOpen ? { ...options, host: '127.0.0.1' } : options, ...rest);
};
