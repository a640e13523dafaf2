-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Wireshark's view of the tunnel (formats: kmod/messages.h): the clear header of each
-- datagram, and, where its data key is known, the frame inside and the inner packet.
--
--   tshark -X lua_script:tests/wireshark/spillway.lua -o spillway.keyfile:KEYS -r FILE
--
-- KEYS has a line for each data key: its id (as in the clear header, decimal or 0x...)
-- and 64 hexadecimal digits. No production build gives a key away: these are the keys
-- that whoever made the capture has installed himself (spillctl key set).
--
-- Of a control message each chunk is shown as it comes; what is told about moves (kmod/move.h)
-- is read in a message's first chunk, and so are the sections of an image (kmod/image.h).
--
-- A capture on a node shows bursts as the kernel hands them to the device: many datagrams
-- behind one UDP header. They are told apart again.

local spillway = Proto("spillway", "Spillway tunnel")

local HEADER, FRAME, TAG = 16, 4, 16
local SEAL = HEADER + FRAME + TAG
local DATA, HEARTBEAT, ACK, PROBE, PROBE_REPLY, CONTROL, CONTROL_ACK = 1, 2, 3, 4, 5, 6, 7

local frame_types = {
	[DATA] = "DATA", [HEARTBEAT] = "HEARTBEAT", [ACK] = "ACK", [PROBE] = "PROBE",
	[PROBE_REPLY] = "PROBE_REPLY", [CONTROL] = "CONTROL", [CONTROL_ACK] = "CONTROL_ACK",
}

local NOTICES, MOVE, REPLICA = 1, 2, 3
local message_types = { [NOTICES] = "NOTICES", [MOVE] = "MOVE", [REPLICA] = "REPLICA" }
local WHOLE = 2
local replica_kinds = {
	[1] = "RESET", [WHOLE] = "WHOLE", [3] = "CHANGE", [4] = "END", [5] = "ROUND",
	[6] = "ACK", [7] = "REFUSED",
}

-- enum spw_move_event
local RESERVE, IMAGE = 1, 2
local move_kinds = {
	[RESERVE] = "RESERVE", [IMAGE] = "IMAGE", [3] = "COMMIT", [4] = "ABORT", [5] = "DONE",
	[6] = "QUERY", [7] = "ENDED", [8] = "RESERVED", [9] = "REFUSED", [10] = "READY",
	[11] = "COMMITTED", [12] = "GONE", [13] = "HELLO", [14] = "HELLO_BACK", [15] = "STILL",
	[16] = "OVER", [17] = "AHEAD", [18] = "TAKEN", [19] = "PATCH", [20] = "FOLLOW",
	[21] = "FOLLOWS", [22] = "WENT_ON", [23] = "SHORTER", [24] = "STAYS", [25] = "LED",
	[26] = "GIVE", [27] = "GIVE_PATCH",
}
local MOVE_HEAD, MOVE_TUPLE, MOVE_THIRD = 20, 48, 16
-- What follows the head; an image has the size that the head tells.
local move_third = { [20] = true, [21] = true, [22] = true, [23] = true, [24] = true, [25] = true }
local move_image = { [IMAGE] = true, [17] = true, [19] = true, [26] = true, [27] = true }
local move_patch = { [19] = true, [27] = true }
local function move_named(kind) return kind == RESERVE or kind == 15 or move_third[kind] end

-- enum spw_move_reason, in the words of include/spillway/reason_words.h
local move_reasons = {
	[0] = "none", "no-room", "in-use-there", "no-listener", "backlog-full", "bad-image",
	"unsupported-feature", "no-memory", "move-unknown", "too-slow", "lease-over",
	"peer-went-down", "peer-restarted", "cancelled", "connection-ended", "held-too-many",
	"in-doubt", "state-cannot-move", "no-route-there", "application-busy",
}

local image_sections = {
	"TUPLE", "SEQUENCE", "OPTIONS", "TIMESTAMPS", "CONGESTION", "SOCKET", "URGENT",
	"RECEIVED", "OUT_OF_ORDER", "SENT", "UNSENT", "SESSION",
}

local f = {
	version = ProtoField.uint8("spillway.version", "Version"),
	type = ProtoField.uint8("spillway.type", "Type", base.DEC, { [1] = "sealed" }),
	reserved = ProtoField.uint16("spillway.reserved", "Reserved", base.HEX),
	key_id = ProtoField.uint32("spillway.key_id", "Key id", base.HEX),
	pn = ProtoField.uint64("spillway.pn", "Packet number"),
	sealed = ProtoField.bytes("spillway.sealed", "Sealed frame"),
	tag = ProtoField.bytes("spillway.tag", "Tag"),
	authentic = ProtoField.bool("spillway.authentic", "Authentic"),
	frame_type = ProtoField.uint8("spillway.frame.type", "Frame", base.DEC, frame_types),
	flags = ProtoField.uint8("spillway.frame.flags", "Flags", base.HEX),
	csum = ProtoField.bool("spillway.frame.flags.csum", "TCP checksum still to be made", 8,
			       nil, 1),
	wanted = ProtoField.bool("spillway.frame.flags.ack", "Acknowledgment wanted", 8, nil, 2),
	again = ProtoField.bool("spillway.frame.flags.again", "Sent again", 8, nil, 4),
	ago = ProtoField.uint16("spillway.frame.ago", "Sent first (numbers ago)"),
	len = ProtoField.uint16("spillway.frame.len", "Length of the body"),

	replica_kind = ProtoField.uint8("spillway.replica.kind", "Kind", base.DEC, replica_kinds),
	replica_flags = ProtoField.uint8("spillway.replica.flags", "Flags", base.HEX),
	replica_length = ProtoField.uint16("spillway.replica.length", "Length of the record"),
	replica_number = ProtoField.uint32("spillway.replica.number", "Place or round"),
	replica_id = ProtoField.uint64("spillway.replica.id", "Id of the connection"),
	replica_diff = ProtoField.bytes("spillway.replica.diff", "Difference"),

	node = ProtoField.uint16("spillway.heartbeat.node", "Node id"),
	ipv6 = ProtoField.bool("spillway.heartbeat.ipv6", "Forwards IPv6", 16, nil, 0x0001),
	leaves = ProtoField.bool("spillway.heartbeat.leaves", "Falls silent, alive", 16, nil,
				 0x0002),
	load = ProtoField.uint32("spillway.heartbeat.load", "Load (permille)"),
	forecast = ProtoField.uint32("spillway.heartbeat.forecast", "Forecast (permille)"),
	free = ProtoField.uint32("spillway.heartbeat.free", "Free (permille)"),
	echo_delay = ProtoField.uint32("spillway.heartbeat.echo_delay", "Echo delay (us)"),
	capacity = ProtoField.uint64("spillway.heartbeat.capacity", "Capacity (bytes a second)"),
	stamp = ProtoField.uint64("spillway.heartbeat.stamp", "Stamp (ns)"),
	echo = ProtoField.uint64("spillway.heartbeat.echo", "Echo (ns)"),
	instance = ProtoField.uint32("spillway.heartbeat.instance", "Instance", base.HEX),

	control_from = ProtoField.uint32("spillway.control.from", "Sender's instance", base.HEX),
	control_to = ProtoField.uint32("spillway.control.to", "Receiver's instance", base.HEX),
	control_stream = ProtoField.uint32("spillway.control.stream", "Stream"),
	control_type = ProtoField.uint16("spillway.control.type", "Message type", base.DEC,
					message_types),
	control_attempt = ProtoField.uint16("spillway.control.attempt", "Sent before (times)"),
	control_seq = ProtoField.uint64("spillway.control.seq", "Chunk"),
	control_length = ProtoField.uint32("spillway.control.length", "Message (bytes)"),
	control_offset = ProtoField.uint32("spillway.control.offset", "Offset in it"),
	control_data = ProtoField.bytes("spillway.control.data", "Chunk's bytes"),
	control_delay = ProtoField.uint32("spillway.control.delay", "Delay (us)"),
	control_next = ProtoField.uint64("spillway.control.next", "All below have come"),
	control_limit = ProtoField.uint64("spillway.control.limit", "May be sent below"),
	control_newest = ProtoField.uint64("spillway.control.newest", "Newest chunk"),
	control_bitmap = ProtoField.uint64("spillway.control.bitmap", "Received", base.HEX),

	move_kind = ProtoField.uint8("spillway.move.kind", "Kind", base.DEC, move_kinds),
	move_family = ProtoField.uint8("spillway.move.family", "IP version"),
	move_reason = ProtoField.uint16("spillway.move.reason", "Reason", base.DEC, move_reasons),
	move_instance = ProtoField.uint32("spillway.move.instance", "Origin's instance", base.HEX),
	move_id = ProtoField.uint64("spillway.move.id", "Move"),
	move_size = ProtoField.uint32("spillway.move.size", "Image (bytes)"),
	move_lport = ProtoField.uint16("spillway.move.lport", "Local port"),
	move_rport = ProtoField.uint16("spillway.move.rport", "Remote port"),
	move_laddr = ProtoField.ipv4("spillway.move.laddr", "Local address"),
	move_raddr = ProtoField.ipv4("spillway.move.raddr", "Remote address"),
	move_laddr6 = ProtoField.ipv6("spillway.move.laddr6", "Local address"),
	move_raddr6 = ProtoField.ipv6("spillway.move.raddr6", "Remote address"),
	move_conn = ProtoField.uint64("spillway.move.conn", "Origin's id of the connection"),
	move_third = ProtoField.uint16("spillway.move.third", "Third node's id"),
	move_question = ProtoField.uint16("spillway.move.question", "Question"),
	move_third_instance = ProtoField.uint32("spillway.move.third.instance",
		"Third node's instance", base.HEX),
	move_third_id = ProtoField.uint64("spillway.move.third.id", "Move of the third node"),
	move_direction = ProtoField.uint8("spillway.move.direction", "Direction", base.DEC,
		{ [0] = "unknown", [1] = "out", [2] = "in" }),

	image_magic = ProtoField.string("spillway.image.magic", "Magic"),
	image_version = ProtoField.uint8("spillway.image.version", "Version"),
	image_sections = ProtoField.uint16("spillway.image.sections", "Sections"),
	image_length = ProtoField.uint32("spillway.image.length", "Image (bytes)"),
	section_type = ProtoField.uint16("spillway.image.section.type", "Section", base.DEC,
					 image_sections),
	section_must = ProtoField.bool("spillway.image.section.must", "Must be understood", 16, nil,
				       1),
	section_length = ProtoField.uint32("spillway.image.section.length", "Bytes"),
	section_data = ProtoField.bytes("spillway.image.section.data", "Data"),

	ack_key = ProtoField.uint32("spillway.ack.key_id", "Acknowledged key id", base.HEX),
	ack_delay = ProtoField.uint32("spillway.ack.delay", "Delay (us)"),
	ack_highest = ProtoField.uint64("spillway.ack.highest", "Highest number received"),
	ack_bitmap = ProtoField.uint64("spillway.ack.bitmap", "Received", base.HEX),

	probe_id = ProtoField.uint32("spillway.probe.id", "Probe id"),
	probe_size = ProtoField.uint16("spillway.probe.size", "Outer packet (bytes)"),
	padding = ProtoField.bytes("spillway.probe.padding", "Padding"),
}
spillway.fields = f

local no_key = ProtoExpert.new("spillway.no_key", "The key is not known",
			       expert.group.DECRYPTION, expert.severity.NOTE)
local forged = ProtoExpert.new("spillway.forged", "The tag is wrong",
			       expert.group.SECURITY, expert.severity.WARN)
local malformed = ProtoExpert.new("spillway.malformed", "The frame is malformed",
				  expert.group.MALFORMED, expert.severity.ERROR)
spillway.experts = { no_key, forged, malformed }

spillway.prefs.port = Pref.uint("UDP port", 51821, "of the tunnel")
spillway.prefs.keyfile = Pref.string("Key file", "", "lines of key id and hex digits")

-- ChaCha20 and Poly1305, RFC 8439. Wireshark's Lua has no cipher in all its versions.

local band, bor, bxor, rol, rshift, tobit =
	bit.band, bit.bor, bit.bxor, bit.rol, bit.rshift, bit.tobit

local unpack_all = table.unpack or unpack

local function le32(s, at)
	local a, b, c, d = s:byte(at, at + 3)
	return tobit(a + b * 0x100 + c * 0x10000 + d * 0x1000000)
end

local function quarter(x, a, b, c, d)
	x[a] = tobit(x[a] + x[b]); x[d] = rol(bxor(x[d], x[a]), 16)
	x[c] = tobit(x[c] + x[d]); x[b] = rol(bxor(x[b], x[c]), 12)
	x[a] = tobit(x[a] + x[b]); x[d] = rol(bxor(x[d], x[a]), 8)
	x[c] = tobit(x[c] + x[d]); x[b] = rol(bxor(x[b], x[c]), 7)
end

-- The packet number is the nonce, little-endian behind four bytes of zero.
local function state_of(key, pn, counter)
	local s = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }
	for i = 0, 7 do
		s[5 + i] = le32(key, 1 + 4 * i)
	end
	s[13], s[14] = counter, 0
	local n = pn:reverse()
	s[15], s[16] = le32(n, 1), le32(n, 5)
	return s
end

local function chacha20_block(key, pn, counter)
	local s, x, out = state_of(key, pn, counter), {}, {}
	for i = 1, 16 do
		x[i] = s[i]
	end
	for _ = 1, 10 do
		quarter(x, 1, 5, 9, 13); quarter(x, 2, 6, 10, 14)
		quarter(x, 3, 7, 11, 15); quarter(x, 4, 8, 12, 16)
		quarter(x, 1, 6, 11, 16); quarter(x, 2, 7, 12, 13)
		quarter(x, 3, 8, 9, 14); quarter(x, 4, 5, 10, 15)
	end
	for i = 1, 16 do
		local w = tobit(x[i] + s[i])
		out[i] = string.char(band(w, 255), band(rshift(w, 8), 255),
				     band(rshift(w, 16), 255), band(rshift(w, 24), 255))
	end
	return table.concat(out)
end

local function decrypt(key, pn, sealed)
	local out, counter = {}, 1
	for at = 1, #sealed, 64 do
		local stream = chacha20_block(key, pn, counter)
		local piece = {}
		for i = 1, math.min(64, #sealed - at + 1) do
			piece[i] = string.char(bxor(sealed:byte(at + i - 1), stream:byte(i)))
		end
		out[#out + 1] = table.concat(piece)
		counter = counter + 1
	end
	return table.concat(out)
end

-- Ten limbs of 13 bits: every product and sum is exact in a double.
local function limbs(s, top)
	local v, bits, count, out = 0, 0, 1, {}
	for i = 1, 17 do
		v = v + (i <= 16 and (s:byte(i) or 0) or top) * 2 ^ bits
		bits = bits + 8
		while bits >= 13 and count <= 10 do
			out[count] = v % 8192
			v = math.floor(v / 8192)
			bits = bits - 13
			count = count + 1
		end
	end
	if count <= 10 then
		out[count] = v
	end
	return out
end

local function clamp(r)
	local b = { r:byte(1, 16) }
	for _, i in ipairs({ 4, 8, 12, 16 }) do
		b[i] = band(b[i], 15)
	end
	for _, i in ipairs({ 5, 9, 13 }) do
		b[i] = band(b[i], 252)
	end
	return string.char(unpack_all(b))
end

local function carry(h)
	local c = 0
	for i = 1, 10 do
		h[i] = h[i] + c
		c = math.floor(h[i] / 8192)
		h[i] = h[i] % 8192
	end
	h[1] = h[1] + 5 * c
	c = math.floor(h[1] / 8192)
	h[1] = h[1] % 8192
	h[2] = h[2] + c
end

local function multiply(h, r)
	local out = {}
	for i = 1, 10 do
		local sum = 0
		for j = 1, 10 do
			local k = i - j + 1
			sum = sum + h[j] * (k >= 1 and r[k] or 5 * r[k + 10])
		end
		out[i] = sum
	end
	carry(out)
	return out
end

-- h mod 2^130 - 5, plus s, mod 2^128
local function finish(h, s)
	carry(h); carry(h)
	local g, c = {}, 5
	for i = 1, 10 do
		g[i] = h[i] + c
		c = math.floor(g[i] / 8192)
		g[i] = g[i] % 8192
	end
	if c > 0 then
		h = g
	end
	local v, bits, limb, sum, out = 0, 0, 1, 0, {}
	for i = 1, 16 do
		while bits < 8 and limb <= 10 do
			v = v + h[limb] * 2 ^ bits
			bits = bits + 13
			limb = limb + 1
		end
		sum = math.floor(sum / 256) + v % 256 + s:byte(i)
		v = math.floor(v / 256)
		bits = bits - 8
		out[i] = string.char(sum % 256)
	end
	return table.concat(out)
end

local function poly1305(key, message)
	local r, h = limbs(clamp(key:sub(1, 16)), 0), { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
	for at = 1, #message, 16 do
		local m = limbs(message:sub(at, at + 15), 1)
		for i = 1, 10 do
			h[i] = h[i] + m[i]
		end
		h = multiply(h, r)
	end
	return finish(h, key:sub(17, 32))
end

local function padded(s)
	return s .. string.rep("\0", -#s % 16)
end

local function le64(n)
	local out = {}
	for i = 1, 8 do
		out[i] = string.char(n % 256)
		n = math.floor(n / 256)
	end
	return table.concat(out)
end

local function tag_of(key, pn, header, sealed)
	return poly1305(chacha20_block(key, pn, 0):sub(1, 32),
			padded(header) .. padded(sealed) .. le64(#header) .. le64(#sealed))
end

-- Keys

local keys, read_from = {}, nil

local function read_keys()
	local path = spillway.prefs.keyfile
	if path == read_from then
		return
	end
	keys, read_from = {}, path
	local file = path ~= "" and io.open(path)
	if not file then
		return
	end
	for line in file:lines() do
		local id, hex = line:match("^%s*(%w+)%s+(%x+)%s*$")
		if id and tonumber(id) and #hex == 64 then
			keys[tonumber(id)] = hex:gsub("%x%x", function(b)
				return string.char(tonumber(b, 16))
			end)
		end
	end
	file:close()
end

-- Frames

local function heartbeat(body, tree)
	if body:len() ~= 48 then
		tree:add_proto_expert_info(malformed)
		return
	end
	tree:add(f.node, body(0, 2))
	tree:add(f.ipv6, body(2, 2))
	tree:add(f.leaves, body(2, 2))
	tree:add(f.load, body(4, 4))
	tree:add(f.forecast, body(8, 4))
	tree:add(f.free, body(12, 4))
	tree:add(f.echo_delay, body(16, 4))
	tree:add(f.capacity, body(20, 8))
	tree:add(f.stamp, body(28, 8))
	tree:add(f.echo, body(36, 8))
	tree:add(f.instance, body(44, 4))
end

-- What of an image is in the message's first chunk.
local function image(body, tree)
	if body:len() < 12 then
		return
	end
	local sub = tree:add(spillway, body(), "Image")
	sub:add(f.image_magic, body(0, 4))
	sub:add(f.image_version, body(4, 1))
	sub:add(f.image_sections, body(6, 2))
	sub:add(f.image_length, body(8, 4))
	local at = 12
	while at + 8 <= body:len() do
		local type, len = body(at, 2):uint(), body(at + 4, 4):uint()
		local here = math.min(len, body:len() - at - 8)
		local section = sub:add(spillway, body(at, 8 + here),
					image_sections[type] or "unknown section")
		section:append_text((", %u bytes"):format(len))
		section:add(f.section_type, body(at, 2))
		section:add(f.section_must, body(at + 2, 2))
		section:add(f.section_length, body(at + 4, 4))
		if here > 0 then
			section:add(f.section_data, body(at + 8, here))
		end
		at = at + 8 + len + -len % 4
	end
end

local function tuple(body, family, tree)
	if body:len() ~= 48 or (family ~= 4 and family ~= 6) then
		tree:add_proto_expert_info(malformed)
		return
	end
	tree:add(f.move_lport, body(0, 2))
	tree:add(f.move_rport, body(2, 2))
	if family == 4 then
		tree:add(f.move_laddr, body(4, 4))
		tree:add(f.move_raddr, body(20, 4))
	else
		tree:add(f.move_laddr6, body(4, 16))
		tree:add(f.move_raddr6, body(20, 16))
	end
	tree:add(f.move_conn, body(36, 8))
	tree:add(f.move_direction, body(44, 1))
end

local function third(body, tree)
	tree:add(f.move_third, body(0, 2))
	tree:add(f.move_question, body(2, 2))
	tree:add(f.move_third_instance, body(4, 4))
	tree:add(f.move_third_id, body(8, 8))
end

-- Bytes behind the head of a message of that kind. Of an image there may be more in the
-- chunks behind this one.
local function move_rest(kind, body)
	if move_image[kind] then
		return math.min(body(16, 4):uint(), body:len() - MOVE_HEAD)
	end
	return (move_named(kind) and MOVE_TUPLE or 0) + (move_third[kind] and MOVE_THIRD or 0)
end

-- The first message of those that are left; returns the bytes that it has.
local function move_one(body, pinfo, tree)
	if body:len() < MOVE_HEAD then
		tree:add_proto_expert_info(malformed)
		return body:len()
	end
	local kind = body(0, 1):uint()
	local name = move_kinds[kind] or "unknown"
	local rest = move_rest(kind, body)
	local whole = move_kinds[kind] and MOVE_HEAD + rest <= body:len()
	local len = whole and MOVE_HEAD + rest or body:len()
	local sub = tree:add(spillway, body(0, len), "Move: " .. name)
	pinfo.cols.info:append(" MOVE " .. name)
	sub:add(f.move_kind, body(0, 1))
	if move_named(kind) then
		sub:add(f.move_family, body(1, 1))
	end
	sub:add(f.move_reason, body(2, 2))
	sub:add(f.move_instance, body(4, 4))
	sub:add(f.move_id, body(8, 8))
	sub:add(f.move_size, body(16, 4))
	if not whole then
		sub:add_proto_expert_info(malformed)
		return len
	end
	if move_named(kind) then
		tuple(body(MOVE_HEAD, MOVE_TUPLE), body(1, 1):uint(), sub)
	end
	if move_third[kind] then
		third(body(MOVE_HEAD + MOVE_TUPLE, MOVE_THIRD), sub)
	end
	-- A patch is of an image that was sent before.
	if move_image[kind] and not move_patch[kind] and rest > 0 then
		image(body(MOVE_HEAD, rest):tvb(), sub)
	end
	return len
end

-- Several may be said in one message.
local function move(body, pinfo, tree)
	local at = 0
	repeat
		at = at + move_one(body(at):tvb(), pinfo, tree)
	until at >= body:len()
end

-- Several records; the last one of a chunk may go on in the next.
local function replica(body, pinfo, tree)
	local at = 0
	while at + 8 <= body:len() do
		local kind, len = body(at, 1):uint(), body(at + 2, 2):uint()
		local name = replica_kinds[kind]
		local here = math.min(len, body:len() - at)
		if not name or len < 8 then
			tree:add_proto_expert_info(malformed)
			return
		end
		local sub = tree:add(spillway, body(at, here), "Replica: " .. name)
		if at == 0 then
			pinfo.cols.info:append(" REPLICA " .. name)
		end
		sub:add(f.replica_kind, body(at, 1))
		sub:add(f.replica_flags, body(at + 1, 1))
		sub:add(f.replica_length, body(at + 2, 2))
		sub:add(f.replica_number, body(at + 4, 4))
		if kind == WHOLE and here == len and len > 16 then
			sub:add(f.replica_id, body(at + 8, 8))
			image(body(at + 16, len - 16):tvb(), sub)
		elseif here > 8 then
			sub:add(f.replica_diff, body(at + 8, here - 8))
		end
		at = at + here
	end
end

local function control(body, pinfo, tree)
	if body:len() < 32 then
		tree:add_proto_expert_info(malformed)
		return
	end
	tree:add(f.control_from, body(0, 4))
	tree:add(f.control_to, body(4, 4))
	tree:add(f.control_stream, body(8, 4))
	tree:add(f.control_type, body(12, 2))
	tree:add(f.control_attempt, body(14, 2))
	tree:add(f.control_seq, body(16, 8))
	tree:add(f.control_length, body(24, 4))
	tree:add(f.control_offset, body(28, 4))
	if body:len() > 32 then
		tree:add(f.control_data, body(32))
	end
	-- Of a chunk in the middle of a message nothing is known but its bytes.
	if body(12, 2):uint() == MOVE and body(28, 4):uint() == 0 then
		move(body:len() > 32 and body(32):tvb() or ByteArray.new():tvb("Message"),
		     pinfo, tree)
	elseif body(12, 2):uint() == REPLICA and body(28, 4):uint() == 0 and body:len() > 32 then
		replica(body(32):tvb(), pinfo, tree)
	end
end

local function control_ack(body, tree)
	if body:len() ~= 76 then
		tree:add_proto_expert_info(malformed)
		return
	end
	tree:add(f.control_from, body(0, 4))
	tree:add(f.control_to, body(4, 4))
	tree:add(f.control_stream, body(8, 4))
	tree:add(f.control_delay, body(12, 4))
	tree:add(f.control_next, body(16, 8))
	tree:add(f.control_limit, body(24, 8))
	tree:add(f.control_newest, body(32, 8))
	tree:add(f.control_attempt, body(40, 2))
	for w = 0, 3 do
		tree:add(f.control_bitmap, body(44 + 8 * w, 8))
	end
end

local function ack(body, tree)
	if body:len() ~= 80 then
		tree:add_proto_expert_info(malformed)
		return
	end
	tree:add(f.ack_key, body(0, 4))
	tree:add(f.ack_delay, body(4, 4))
	tree:add(f.ack_highest, body(8, 8))
	-- Bit b of word w: number (highest / 64 - w) * 64 + b.
	local base_number = body(8, 8):uint64() / 64
	for w = 0, 7 do
		local first = (base_number - w) * 64
		tree:add(f.ack_bitmap, body(16 + 8 * w, 8)):append_text(
			" from " .. tostring(first))
	end
end

local function probe(body, tree, padding)
	if body:len() < 8 then
		tree:add_proto_expert_info(malformed)
		return
	end
	tree:add(f.probe_id, body(0, 4))
	tree:add(f.probe_size, body(4, 2))
	if padding and body:len() > 8 then
		tree:add(f.padding, body(8))
	end
end

local function inner(body, pinfo, root)
	local version = body:len() > 0 and body(0, 1):bitfield(0, 4)
	local name = version == 4 and "ip" or version == 6 and "ipv6" or "data"
	-- Whoever reads the innermost bytes by their port may give up on them. That is shown
	-- by then, and no reason to leave the rest of a burst unread.
	pcall(Dissector.call, Dissector.get(name), body, pinfo, root)
end

local function frame(plain, pinfo, tree, root)
	local tvb = ByteArray.new(plain, true):tvb("Spillway frame")
	local type, len = tvb(0, 1):uint(), tvb(2, 2):uint()
	local sub = tree:add(spillway, tvb(), "Frame: " .. (frame_types[type] or "unknown"))
	sub:add(f.frame_type, tvb(0, 1))
	local flags = sub:add(f.flags, tvb(1, 1))
	flags:add(f.csum, tvb(1, 1))
	flags:add(f.wanted, tvb(1, 1))
	flags:add(f.again, tvb(1, 1))
	if type == DATA and tvb(1, 1):bitfield(5, 1) == 1 then
		sub:add(f.ago, tvb(2, 2))
		len = tvb:len() - FRAME
	else
		sub:add(f.len, tvb(2, 2))
	end
	pinfo.cols.info:append((" %s"):format(frame_types[type] or "unknown"))
	if len ~= tvb:len() - FRAME or not frame_types[type] then
		sub:add_proto_expert_info(malformed)
		return
	end
	if len == 0 then
		return
	end
	local body = tvb(FRAME):tvb()
	if type == DATA then
		inner(body, pinfo, root)
	elseif type == HEARTBEAT then
		heartbeat(body, sub)
	elseif type == ACK then
		ack(body, sub)
	elseif type == CONTROL then
		control(body, pinfo, sub)
	elseif type == CONTROL_ACK then
		control_ack(body, sub)
	else
		probe(body, sub, type == PROBE)
	end
end

-- Datagrams

local function is_header(tvb, at)
	return tvb:len() - at >= SEAL and tvb(at, 4):uint() == 0x01010000
end

-- Where the next datagram of a burst begins, or the end.
local function next_of(tvb, at, key)
	local last = tvb:len()
	if key then
		local head = decrypt(key, tvb:raw(at + 8, 8), tvb:raw(at + HEADER, FRAME))
		local next = at + SEAL + head:byte(3) * 256 + head:byte(4)
		if next == last or (next < last and is_header(tvb, next)) then
			return next
		end
	end
	local header = tvb:raw(at, 8)
	local found = tvb:raw():find(header, at + SEAL + 1, true)
	return found and is_header(tvb, found - 1) and found - 1 or last
end

local function datagram(tvb, pinfo, root)
	local tree = root:add(spillway, tvb())
	local key = keys[tvb(4, 4):uint()]
	local last = tvb:len() - TAG
	tree:add(f.version, tvb(0, 1))
	tree:add(f.type, tvb(1, 1))
	tree:add(f.reserved, tvb(2, 2))
	tree:add(f.key_id, tvb(4, 4))
	tree:add(f.pn, tvb(8, 8))
	tree:add(f.sealed, tvb(HEADER, last - HEADER))
	local tag = tree:add(f.tag, tvb(last, TAG))
	tree:append_text((", key %08x, number %s"):format(tvb(4, 4):uint(),
							  tostring(tvb(8, 8):uint64())))
	if not key then
		tree:add_proto_expert_info(no_key)
		return
	end
	local pn, sealed = tvb:raw(8, 8), tvb:raw(HEADER, last - HEADER)
	local right = tag_of(key, pn, tvb:raw(0, HEADER), sealed) == tvb:raw(last, TAG)
	tree:add(f.authentic, tvb(last, TAG), right):set_generated()
	if not right then
		tag:add_proto_expert_info(forged)
		return
	end
	frame(decrypt(key, pn, sealed), pinfo, tree, root)
end

function spillway.dissector(tvb, pinfo, root)
	if not is_header(tvb, 0) then
		return 0
	end
	read_keys()
	pinfo.cols.protocol = "Spillway"
	pinfo.cols.info = "Spillway"
	local at = 0
	while at < tvb:len() and is_header(tvb, at) do
		local next = next_of(tvb, at, keys[tvb(at + 4, 4):uint()])
		datagram(tvb(at, next - at):tvb(), pinfo, root)
		at = next
	end
	return at
end

local port

local function listen()
	local table_of = DissectorTable.get("udp.port")
	if port then
		table_of:remove(port, spillway)
	end
	port = spillway.prefs.port
	table_of:add(port, spillway)
end

spillway.prefs_changed = listen
listen()
spillway:register_heuristic("udp", function(tvb, pinfo, root)
	if not is_header(tvb, 0) then
		return false
	end
	spillway.dissector(tvb, pinfo, root)
	return true
end)
