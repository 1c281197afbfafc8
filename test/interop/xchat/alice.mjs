// Alice's app, made of X's own parts alone, as X's documents say: one SDK calls the API, the other seals, signs and opens.
// https://docs.x.com/xchat/getting-started
import assert from 'node:assert/strict';
import { Client } from '@xdevplatform/xdk';
import { Chat, serve } from './lines.mjs';

const { XSIM_URL, ACCESS_TOKEN } = process.env;
const x = new Client({ baseUrl: XSIM_URL, accessToken: ACCESS_TOKEN });
const chat = new Chat();
chat.setCacheKeys(true);

let me;
const listed = new Map(); // everybody's public keys, by user
const keys = {}; // of conversations, by version
const raw = new Map(); // events as X sent them, by sequence
const changes = new Set(); // of keys, as X sent them

// actions are signatures as the API takes them.
const actions = (all) => all.map((a) => ({
  messageId: a.messageId,
  encodedMessageEventDetail: a.encodedMessageEventDetail,
  messageEventSignature: { signature: a.signature, publicKeyVersion: a.publicKeyVersion, signatureVersion: a.signatureVersion },
}));

// change is a new key as the API takes it.
const change = (p) => ({
  conversationKeyVersion: p.conversationKeyVersion,
  conversationParticipantKeys: p.participantKeys.map((k) => ({
    userId: k.userId, encryptedConversationKey: k.encryptedKey, publicKeyVersion: k.publicKeyVersion,
  })),
  actionSignatures: actions(p.actionSignatures),
});

// learn looks up people's public keys and gives them as a new key is made for.
async function learn(users) {
  const fields = ['public_key', 'public_key_version', 'signing_public_key', 'identity_public_key_signature'];
  for (const user of users) {
    const { data } = await x.users.getPublicKey(user, { publicKeyFields: fields });
    for (const k of data) assert.ok(chat.verifyKeyBinding(k.publicKey, k.signingPublicKey, k.identityPublicKeySignature));
    listed.set(user, data);
  }
  chat.setSigningKeys([...listed].flatMap(([userId, rows]) => rows.map((k) => ({
    userId, publicKeyVersion: k.publicKeyVersion, publicKey: k.signingPublicKey, identityPublicKey: k.publicKey,
    identityPublicKeySignature: k.identityPublicKeySignature,
  }))));
  const recipient = (userId) => (k) => ({ userId, publicKey: k.publicKey, keyVersion: k.publicKeyVersion });
  return users.flatMap((userId) => listed.get(userId).map(recipient(userId)));
}

const alice = {
  // register makes her keys, has X register them, and says who she is.
  async register() {
    me = (await x.users.getMe()).data.id;
    const { data } = await x.chat.addUserPublicKey(me, chat.generateKeypairs());
    chat.importKeys(chat.exportKeys(), data.publicKeyVersion);
    chat.setIdentity(me, data.publicKeyVersion);
    return me;
  },

  // newKey gives her talk with somebody a key, and says its conversation's ID.
  async newKey(peer) {
    const prepared = chat.prepareConversationKeyChange({ publicKeys: await learn([me, peer]) });
    const { data } = await x.chat.addConversationKeys(peer, change(prepared));
    assert.equal(data.conversationId, prepared.conversationId);
    return data.conversationId;
  },

  // newGroup makes a group of her and others, and says its ID.
  async newGroup(title, ...others) {
    const conversationId = (await x.chat.initializeGroup()).data.conversationId;
    const memberIds = [me, ...others];
    const publicKeys = await learn(memberIds);
    const prepared = chat.prepareGroupCreate({ publicKeys, conversationId, memberIds, adminIds: [me], title });
    const made = { conversationId, groupMembers: memberIds, groupAdmins: [me], groupName: title };
    await x.chat.createConversation({ ...change(prepared), ...made });
    return conversationId;
  },

  // join brings somebody into a group of some others and gives it a new key.
  async join(conversationId, title, user, ...others) {
    const current = [me, ...others];
    const prepared = chat.prepareGroupMembersChange({
      publicKeys: await learn([...current, user]), conversationId, newMemberIds: [user], currentMemberIds: current,
      currentAdminIds: [me], currentPendingMemberIds: [], currentTitle: title,
    });
    await x.chat.addGroupMembers(conversationId, { ...change(prepared), userIds: [user], encryptedTitle: title });
  },

  // read looks up everything in a conversation and opens it, oldest first. place is the peer's ID, or a group's.
  async read(place, ...people) {
    await learn([me, ...people]);
    const before = [];
    const events = [];
    let paginationToken;
    do {
      const want = { maxResults: 100, paginationToken, chatMessageEventFields: ['encoded_event'] };
      const page = await x.chat.getConversationEvents(place, want);
      before.push(...(page.meta.conversationKeyEvents ?? []));
      events.unshift(...(page.data ?? []).map((e) => e.encodedEvent).reverse());
      paginationToken = page.meta.nextToken;
    } while (paginationToken);
    const got = chat.decryptEvents([...new Set([...before, ...events])]);
    Object.assign(keys, got.conversationKeys.keys);
    for (const { event, originalB64 } of got.messages) {
      raw.set(event.sequenceId, originalB64);
      if (event.type === 'keyChange') changes.add(originalB64);
    }
    return { events: got.messages.map((m) => m.event), errors: got.errors };
  },

  // write seals something by a method of the SDK and sends it, and gives it as she sees it. Events go by their sequences.
  async write(place, method, params) {
    const named = { ...params };
    for (const name of ['replyToEvent', 'replyToEditEvent', 'targetEvent']) if (named[name]) named[name] = raw.get(named[name]);
    if (named.replyToEvent) named.replyToCkces = [...changes];
    const p = chat[method](named);
    const { data } = await x.chat.sendMessage(place, {
      messageId: p.messageId, encodedMessageCreateEvent: p.encryptedContent, encodedMessageEventSignature: p.encodedEventSignature,
    });
    const event = chat.decryptEvent(data.encodedMessageEvent, keys);
    raw.set(event.sequenceId, data.encodedMessageEvent);
    return event;
  },

  // erase takes messages back for everybody.
  async erase(place, conversationId, ...sequenceIds) {
    const signed = chat.prepareMessageDelete({ conversationId, sequenceIds, deleteForAll: true });
    const body = { sequenceIds, deleteMessageAction: 'delete_for_all', actionSignatures: actions([signed]) };
    assert.equal((await x.chat.deleteMessages(place, body)).data.deleted, true);
  },

  async seen(place, seenUntilSequenceId) {
    assert.equal((await x.chat.markConversationRead(place, { seenUntilSequenceId })).data.success, true);
  },

  async typing(place) {
    assert.equal((await x.chat.sendTypingIndicator(place)).data.success, true);
  },

  // upload seals a file and says its hash key.
  async upload(conversationId, version, plain) {
    const sealed = Buffer.from(chat.encryptStream(plain, keys[version]));
    const { sessionId, mediaHashKey } = (await x.chat.mediaUploadInitialize({ conversationId, totalBytes: sealed.length })).data;
    const size = 3 << 20;
    let segmentIndex = 0;
    for (; segmentIndex * size < sealed.length; segmentIndex++) {
      const media = sealed.subarray(segmentIndex * size, (segmentIndex + 1) * size).toString('base64');
      await x.chat.mediaUploadAppend(sessionId, { conversationId, mediaHashKey, segmentIndex, media });
    }
    await x.chat.mediaUploadFinalize(sessionId, { conversationId, mediaHashKey, numParts: String(segmentIndex) });
    return mediaHashKey;
  },

  async download(conversationId, version, mediaHashKey) {
    const sealed = await x.chat.mediaDownload(conversationId.replace(':', '-'), mediaHashKey); // in a path it has a dash
    return chat.decryptStream(new Uint8Array(sealed), keys[version]);
  },
};

await serve(({ do: method, with: args }) => alice[method](...args));
