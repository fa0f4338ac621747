/// <reference lib="webworker" />
import { openMultiplexer } from './carrier.ts';
import { PageDesk } from './page-desk.ts';

/** The shared worker: one connection for all pages of this origin. */
declare const self: SharedWorkerGlobalScope;

const desk = new PageDesk((listener) => openMultiplexer(self.location.origin, listener));
self.onconnect = ({ ports }) => desk.join(ports[0]!);
self.addEventListener('online', () => desk.reconnect());
setInterval(() => desk.dismissSilent(), 30_000);
