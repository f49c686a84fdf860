// Members of groups, kept by ts-mls and driven over lines.mjs by peer.py.
import {
  ciphersuites,
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPub,
  createGroupInfoWithExternalPubAndRatchetTree,
  createProposal,
  decodeMlsMessage,
  defaultCapabilities,
  defaultExtensionTypes,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  joinGroupExternal,
  makePskIndex,
  mlsExporter,
  processMessage,
  processPrivateMessage,
  processPublicMessage,
  proposeAddExternal,
  proposeExternal,
  acceptAll,
  branchGroup,
  bytesToBase64,
  joinGroupFromBranch,
  joinGroupFromReinit,
  reinitCreateNewGroup,
} from "ts-mls";
import { getOwnLeafNode } from "ts-mls/clientState.js";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { signLeafNodeCommit } from "ts-mls/leafNode.js";
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js";
import * as nist from "@noble/curves/nist.js";
import { bytes, serve, text } from "./lines.mjs";

const NIST_CURVES = { P256: nist.p256, P384: nist.p384, P521: nist.p521 };
const members = new Map();
const outsiders = new Map();

const suiteName = (number) => Object.keys(ciphersuites).find((key) => ciphersuites[key] === number);

async function cipherSuite(number, compressed) {
  const description = getCiphersuiteFromName(suiteName(number));
  const suite = await getCiphersuiteImpl(description);
  const curve = NIST_CURVES[description.signature];
  if (curve === undefined || compressed) return suite;
  // Defect of ts-mls: it compresses NIST signature keys. Section 5.1 of RFC 9420 has them uncompressed.
  const keygen = async () => {
    const signKey = curve.utils.randomSecretKey();
    return { signKey, publicKey: curve.getPublicKey(signKey, false) };
  };
  return { ...suite, signature: { ...suite.signature, keygen } };
}

function decode(message, wireformat) {
  const data = bytes(message);
  const decoded = decodeMlsMessage(data, 0);
  if (decoded === undefined) throw new Error("not an MLSMessage");
  if (decoded[1] !== data.length) throw new Error("bytes are left over");
  if (wireformat !== undefined && decoded[0].wireformat !== wireformat)
    throw new Error(`a ${decoded[0].wireformat}, not a ${wireformat}`);
  return decoded[0];
}

const encode = (wireformat, field, body) =>
  text(encodeMlsMessage({ version: "mls10", wireformat, [field]: body }));

// ts-mls knows the extensions of the RFC by name, all others by number.
const extensionType = (type) =>
  Object.keys(defaultExtensionTypes).find((name) => defaultExtensionTypes[name] === type) ?? type;
const extensions = (list) =>
  list.map(({ type, data }) => ({ extensionType: extensionType(type), extensionData: bytes(data) }));

const ratchetTree = (encoded) => (encoded === null ? undefined : decodeRatchetTree(bytes(encoded), 0)[0]);

const keyPackage = (message) => decode(message, "mls_key_package").keyPackage;

const byValue = {
  add: (proposal) => ({ proposalType: "add", add: { keyPackage: keyPackage(proposal.key_package) } }),
  remove: (proposal) => ({ proposalType: "remove", remove: { removed: proposal.leaf } }),
  extensions: (proposal) => ({
    proposalType: "group_context_extensions",
    groupContextExtensions: { extensions: extensions(proposal.extensions) },
  }),
  reinit: ({ group_id, suite, extensions: list }) => ({
    proposalType: "reinit",
    reinit: {
      groupId: bytes(group_id),
      version: "mls10",
      cipherSuite: suiteName(suite),
      extensions: extensions(list),
    },
  }),
  external_psk: ({ psk_id, nonce }) => ({
    proposalType: "psk",
    psk: { preSharedKeyId: { psktype: "external", pskId: bytes(psk_id), pskNonce: bytes(nonce) } },
  }),
  resumption_psk: ({ group_id, epoch, nonce }) => ({
    proposalType: "psk",
    psk: {
      preSharedKeyId: {
        psktype: "resumption",
        usage: "application",
        pskGroupId: bytes(group_id),
        pskEpoch: BigInt(epoch),
        pskNonce: bytes(nonce),
      },
    },
  }),
};
const proposals = (list) => list.map((proposal) => byValue[proposal.kind](proposal));

function madeCommit(self, { newState, commit, welcome }) {
  self.pending = newState;
  return {
    message: text(encodeMlsMessage(commit)),
    welcome: welcome === undefined ? null : encode("mls_welcome", "welcome", welcome),
    ratchet_tree: text(encodeRatchetTree(newState.ratchetTree)),
  };
}

// Takes in a handshake or application message. There is no call for a member whose own update is committed: so if a
// commit has one, it is looked at first, and taken in again by the state with the new leaf's private key.
async function take(self, decoded) {
  const { impl, updated } = self;
  const { leafIndex } = self.state.privatePath;
  // Defect of ts-mls: processMessage, which would tell the two apart, drops the PSKs of a PrivateMessage.
  const process = (state, action) => {
    const psks = makePskIndex(state, self.psks);
    return decoded.wireformat === "mls_public_message"
      ? processPublicMessage(state, decoded.publicMessage, psks, impl, action)
      : processPrivateMessage(state, decoded.privateMessage, psks, impl, action);
  };
  let isUpdated = false;
  const result = await process(self.state, ({ kind, proposals: list }) => {
    isUpdated =
      kind === "commit" &&
      list.some(
        ({ proposal, senderLeafIndex }) => proposal.proposalType === "update" && senderLeafIndex === leafIndex,
      );
    return isUpdated ? "reject" : "accept";
  });
  if (!isUpdated) return result;
  const privateKeys = { ...self.state.privatePath.privateKeys, [2 * leafIndex]: updated };
  return process({ ...self.state, privatePath: { leafIndex, privateKeys } }, acceptAll);
}

await serve({
  // A client with a fresh key package, in no group yet.
  async new_member({ member, suite, identity, extension_types, not_before, not_after, compressed = false }) {
    const impl = await cipherSuite(suite, compressed);
    const capabilities = defaultCapabilities();
    capabilities.extensions.push(...extension_types);
    const made = await generateKeyPackageWithKey(
      { credentialType: "basic", identity: bytes(identity) },
      capabilities,
      { notBefore: BigInt(not_before), notAfter: BigInt(not_after) },
      [],
      await impl.signature.keygen(),
      impl,
    );
    members.set(member, { impl, made, psks: {} });
    return { key_package: encode("mls_key_package", "keyPackage", made.publicPackage) };
  },

  async create({ member, group_id, extensions: list }) {
    const self = members.get(member);
    const { publicPackage, privatePackage } = self.made;
    self.state = await createGroup(bytes(group_id), publicPackage, privatePackage, extensions(list), self.impl);
  },

  async join({ member, welcome, ratchet_tree }) {
    const self = members.get(member);
    const { publicPackage, privatePackage } = self.made;
    const body = decode(welcome, "mls_welcome").welcome;
    const psks = makePskIndex(undefined, self.psks);
    const tree = ratchetTree(ratchet_tree);
    self.state = await joinGroup(body, publicPackage, privatePackage, psks, self.impl, tree);
  },

  async join_externally({ member, group_info, ratchet_tree, resync, authenticated_data }) {
    const self = members.get(member);
    const { publicPackage, privatePackage } = self.made;
    const { publicMessage, newState } = await joinGroupExternal(
      decode(group_info, "mls_group_info").groupInfo,
      publicPackage,
      privatePackage,
      resync,
      self.impl,
      ratchetTree(ratchet_tree),
      undefined,
      bytes(authenticated_data),
    );
    self.pending = newState;
    return { message: encode("mls_public_message", "publicMessage", publicMessage) };
  },

  async group_info({ member, ratchet_tree }) {
    const { state, impl } = members.get(member);
    const create = ratchet_tree ? createGroupInfoWithExternalPubAndRatchetTree : createGroupInfoWithExternalPub;
    return { group_info: encode("mls_group_info", "groupInfo", await create(state, [], impl)) };
  },

  learn({ member, psk_id, psk }) {
    members.get(member).psks[bytesToBase64(bytes(psk_id))] = bytes(psk);
  },

  async commit({ member, proposals: list, authenticated_data, tree_in_welcome, public_message }) {
    const self = members.get(member);
    const result = await createCommit(
      { state: self.state, cipherSuite: self.impl, pskIndex: makePskIndex(self.state, self.psks) },
      {
        extraProposals: proposals(list),
        authenticatedData: bytes(authenticated_data),
        ratchetTreeExtension: tree_in_welcome,
        wireAsPublicMessage: public_message,
      },
    );
    return madeCommit(self, result);
  },

  // The first commit of a group that follows on another: of the one that a reinit has ended, or a branch.
  async succeed({ member, old, reinit, group_id, key_packages }) {
    const self = members.get(member);
    const { publicPackage, privatePackage } = self.made;
    const others = key_packages.map(keyPackage);
    const before = members.get(old).state;
    const result =
      reinit === null
        ? await branchGroup(before, publicPackage, privatePackage, others, bytes(group_id), self.impl)
        : await reinitCreateNewGroup(
            before,
            publicPackage,
            privatePackage,
            others,
            bytes(reinit.group_id),
            suiteName(reinit.suite),
            extensions(reinit.extensions),
          );
    return madeCommit(self, result);
  },

  async join_successor({ member, old, welcome, ratchet_tree }) {
    const self = members.get(member);
    const { publicPackage, privatePackage } = self.made;
    const before = members.get(old).state;
    const body = decode(welcome, "mls_welcome").welcome;
    const tree = ratchetTree(ratchet_tree);
    self.state =
      before.groupActiveState.kind === "suspendedPendingReinit"
        ? await joinGroupFromReinit(before, body, publicPackage, privatePackage, tree)
        : await joinGroupFromBranch(before, body, publicPackage, privatePackage, tree, self.impl);
  },

  adopt({ member }) {
    const self = members.get(member);
    self.state = self.pending;
    self.pending = undefined;
  },

  discard({ member }) {
    members.get(member).pending = undefined;
  },

  async propose({ member, proposal, authenticated_data, public_message }) {
    const self = members.get(member);
    const [made] = proposals([proposal]);
    const result = await createProposal(self.state, public_message, made, self.impl, bytes(authenticated_data));
    self.state = result.newState;
    return { message: text(encodeMlsMessage(result.message)) };
  },

  // There is no call that makes an update, but one that sends any proposal it is given.
  async propose_update({ member, authenticated_data, public_message }) {
    const self = members.get(member);
    const { state, impl } = self;
    const { publicKey, privateKey } = await impl.hpke.generateKeyPair();
    const { capabilities, credential, extensions, signaturePublicKey } = getOwnLeafNode(state);
    const unsigned = {
      leafNodeSource: "update",
      hpkePublicKey: await impl.hpke.exportPublicKey(publicKey),
      capabilities,
      credential,
      extensions,
      signaturePublicKey,
      groupId: state.groupContext.groupId,
      leafIndex: state.privatePath.leafIndex,
    };
    // What it is named for is but one of the leaves that it signs rightly.
    const leafNode = await signLeafNodeCommit(unsigned, state.signaturePrivateKey, impl.signature);
    const proposal = { proposalType: "update", update: { leafNode } };
    const result = await createProposal(state, public_message, proposal, impl, bytes(authenticated_data));
    self.state = result.newState;
    self.updated = await impl.hpke.exportPrivateKey(privateKey);
    return { message: text(encodeMlsMessage(result.message)) };
  },

  async propose_to_join({ member, group_info, authenticated_data }) {
    const { made, impl } = members.get(member);
    const { groupInfo } = decode(group_info, "mls_group_info");
    const { publicPackage, privatePackage } = made;
    const aad = bytes(authenticated_data);
    return {
      message: text(encodeMlsMessage(await proposeAddExternal(groupInfo, publicPackage, privatePackage, impl, aad))),
    };
  },

  // Somebody to be named in an external_senders extension.
  async new_outsider({ outsider, suite }) {
    const impl = await cipherSuite(suite, false);
    const { signKey, publicKey } = await impl.signature.keygen();
    outsiders.set(outsider, { impl, signKey, publicKey });
    return { signature_key: text(publicKey) };
  },

  async propose_externally({ outsider, group_info, proposal, authenticated_data }) {
    const { impl, signKey, publicKey } = outsiders.get(outsider);
    const { groupInfo } = decode(group_info, "mls_group_info");
    const [made] = proposals([proposal]);
    const aad = bytes(authenticated_data);
    return {
      message: text(encodeMlsMessage(await proposeExternal(groupInfo, made, publicKey, signKey, impl, aad))),
    };
  },

  async seal({ member, data, authenticated_data }) {
    const self = members.get(member);
    const aad = bytes(authenticated_data);
    const result = await createApplicationMessage(self.state, bytes(data), self.impl, aad);
    self.state = result.newState;
    return { message: encode("mls_private_message", "privateMessage", result.privateMessage) };
  },

  async receive({ member, message, in_one_call }) {
    const self = members.get(member);
    const decoded = decode(message);
    const result = in_one_call
      ? await processMessage(decoded, self.state, makePskIndex(self.state, self.psks), acceptAll, self.impl)
      : await take(self, decoded);
    self.state = result.newState;
    if (result.kind !== "applicationMessage") {
      return { kind: "handshake", active: self.state.groupActiveState.kind === "active" };
    }
    return {
      kind: "application",
      data: text(result.message),
      authenticated_data: text(decoded.privateMessage.authenticatedData),
    };
  },

  // What all members must agree on.
  async look({ member, label, context, length }) {
    const { state, impl } = members.get(member);
    const { exporterSecret, epochAuthenticator } = state.keySchedule;
    return {
      group_context: text(encodeGroupContext(state.groupContext)),
      epoch_authenticator: text(epochAuthenticator),
      exported: text(await mlsExporter(exporterSecret, label, bytes(context), length, impl)),
      ratchet_tree: text(encodeRatchetTree(state.ratchetTree)),
    };
  },
});
