// written with the chat
export function startChat() {}
