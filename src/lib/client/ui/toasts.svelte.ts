/** Short messages in the corner. They are announced politely, and stay while something went wrong. */
export interface Toast {
	readonly id: number;
	readonly kind: 'good' | 'info' | 'danger';
	readonly message: string;
}

/** How long a message stays, in ms; a failure stays longer, since it has to be read. */
const stay = { good: 3500, info: 5000, danger: 10_000 } as const;
const most = 4;

let next = 1;
let shown = $state.raw<readonly Toast[]>([]);

export const toasts = {
	get all(): readonly Toast[] {
		return shown;
	},
	show(kind: Toast['kind'], message: string): void {
		const toast = { id: next++, kind, message };
		shown = [...shown.filter((other) => other.message !== message), toast].slice(-most);
		setTimeout(() => toasts.dismiss(toast.id), stay[kind]);
	},
	good: (message: string) => toasts.show('good', message),
	info: (message: string) => toasts.show('info', message),
	danger: (message: string) => toasts.show('danger', message),
	dismiss(id: number): void {
		shown = shown.filter((toast) => toast.id !== id);
	}
};
