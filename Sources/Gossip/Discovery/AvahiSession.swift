import CAvahi
import Glibc

/// One connection to avahi-daemon: its poll thread, client, entry group, browser and resolvers.
///
/// Sendable although it holds pointers: everything of avahi's is touched either in avahi's own callbacks, which hold the
/// threaded poll's lock, or between `lock()` and `unlock()`; ``start(_:)``, ``publish(_:)`` and ``stop()`` are called on one
/// serial queue.
final class AvahiSession: @unchecked Sendable {
    enum Event: Sendable {
        /// The daemon answers.
        case running
        /// There is no daemon; should one come, the client finds out.
        case waiting
        case discovered(DiscoveryEvent)
        /// The end of this session.
        case failed(String)
    }

    /// More services at once are ignored: a network that shouts must not fill our memory.
    private static let resolverLimit = 512
    /// Other names tried before giving up.
    private static let renameLimit = 32

    private struct Place: Hashable {
        let interface: AvahiIfIndex
        let family: AvahiProtocol
        let name: String
    }

    private let tell: @Sendable (Event) -> Void
    private var poll: OpaquePointer?
    private var client: OpaquePointer?
    private var group: OpaquePointer?
    private var browser: OpaquePointer?
    private var resolvers: [Place: OpaquePointer] = [:]
    private var announcement: ServiceAnnouncement?
    /// The announced name, perhaps with a number.
    private var name = ""
    private var renames = 0

    init(tell: @escaping @Sendable (Event) -> Void) {
        self.tell = tell
    }

    // MARK: From outside

    func start(_ announcement: ServiceAnnouncement?) {
        self.announcement = announcement
        name = announcement?.name.cut(toUTF8: 63) ?? ""
        guard let poll = avahi_threaded_poll_new() else { return tell(.failed("out of memory")) }
        self.poll = poll
        var code: Int32 = 0
        let client = avahi_client_new(
            avahi_threaded_poll_get(poll), AVAHI_CLIENT_NO_FAIL,
            { client, state, context in
                guard let client, let context else { return }
                AvahiSession.from(context).clientChanged(client, state)
            }, Unmanaged.passUnretained(self).toOpaque(), &code)
        guard let client else { return tell(.failed(Self.text(code))) }
        self.client = client
        if avahi_threaded_poll_start(poll) < 0 { tell(.failed("its thread does not start")) }
    }

    /// Frees everything, in avahi's order: first the thread, then the client with all that belongs to it.
    func stop() {
        if let poll { avahi_threaded_poll_stop(poll) }
        for resolver in resolvers.values { avahi_service_resolver_free(resolver) }
        resolvers = [:]
        if let browser { avahi_service_browser_free(browser) }
        if let group { avahi_entry_group_free(group) }
        if let client { avahi_client_free(client) }
        if let poll { avahi_threaded_poll_free(poll) }
        (browser, group, client, poll) = (nil, nil, nil, nil)
    }

    func publish(_ announcement: ServiceAnnouncement?) {
        guard let poll else { return }
        avahi_threaded_poll_lock(poll)
        defer { avahi_threaded_poll_unlock(poll) }
        self.announcement = announcement
        name = announcement?.name.cut(toUTF8: 63) ?? ""
        renames = 0
        if let client, avahi_client_get_state(client) == AVAHI_CLIENT_S_RUNNING { register(client) }
    }

    // MARK: In callbacks

    fileprivate static func from(_ context: UnsafeMutableRawPointer) -> AvahiSession {
        Unmanaged<AvahiSession>.fromOpaque(context).takeUnretainedValue()
    }

    /// The client is passed in: the first call comes before `avahi_client_new` has returned it.
    private func clientChanged(_ client: OpaquePointer, _ state: AvahiClientState) {
        switch state {
        case AVAHI_CLIENT_S_RUNNING:
            register(client)
            browse(client)
            tell(.running)
        case AVAHI_CLIENT_S_COLLISION, AVAHI_CLIENT_S_REGISTERING:
            // The host's own name changes: services are registered again when it is settled.
            if let group { avahi_entry_group_reset(group) }
        case AVAHI_CLIENT_CONNECTING:
            tell(.waiting)
        case AVAHI_CLIENT_FAILURE:
            tell(.failed(Self.text(avahi_client_errno(client))))
        default:
            break
        }
    }

    private func register(_ client: OpaquePointer) {
        guard let announcement else {
            if let group { avahi_entry_group_reset(group) }
            return
        }
        if group == nil {
            group = avahi_entry_group_new(
                client,
                { group, state, context in
                    guard let group, let context, state == AVAHI_ENTRY_GROUP_COLLISION else { return }
                    AvahiSession.from(context).renamed(group)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        guard let group else { return tell(.failed(Self.text(avahi_client_errno(client)))) }
        avahi_entry_group_reset(group)
        var text = AvahiText.list(announcement)
        defer { avahi_string_list_free(text) }
        while true {
            var code = avahi_entry_group_add_service_strlst(
                group, -1, -1, AvahiPublishFlags(0), name, AvahiDiscovery.serviceType, nil, nil, UInt16(clamping: announcement.port), text)
            if code == AVAHI_OK { code = avahi_entry_group_commit(group) }
            if code == AVAHI_OK { return }
            // Another node on this host has the name.
            guard code == AVAHI_ERR_COLLISION, nextName() else { return tell(.failed(Self.text(code))) }
            avahi_entry_group_reset(group)
            avahi_string_list_free(text)
            text = AvahiText.list(announcement)
        }
    }

    /// Somebody on the network has the name.
    private func renamed(_ group: OpaquePointer) {
        guard nextName(), let client = avahi_entry_group_get_client(group) else { return }
        register(client)
    }

    private func nextName() -> Bool {
        guard renames < Self.renameLimit, let other = avahi_alternative_service_name(name) else { return false }
        defer { avahi_free(other) }
        renames += 1
        name = String(cString: other)
        return true
    }

    private func browse(_ client: OpaquePointer) {
        guard browser == nil else { return }
        browser = avahi_service_browser_new(
            client, -1, -1, AvahiDiscovery.serviceType, nil, AvahiLookupFlags(0),
            { browser, interface, family, event, name, type, domain, _, context in
                guard let browser, let context, let client = avahi_service_browser_get_client(browser) else { return }
                let session = AvahiSession.from(context)
                switch event {
                case AVAHI_BROWSER_NEW:
                    guard let name, let type, let domain else { return }
                    session.resolve(client, interface, family, name, type, domain)
                case AVAHI_BROWSER_REMOVE:
                    guard let name else { return }
                    session.forget(Place(interface: interface, family: family, name: String(cString: name)))
                case AVAHI_BROWSER_FAILURE:
                    session.tell(.failed(AvahiSession.text(avahi_client_errno(client))))
                default:
                    break
                }
            }, Unmanaged.passUnretained(self).toOpaque())
        if browser == nil { tell(.failed(Self.text(avahi_client_errno(client)))) }
    }

    /// The resolver stays, so that changed addresses and texts are heard of too.
    private func resolve(
        _ client: OpaquePointer, _ interface: AvahiIfIndex, _ family: AvahiProtocol, _ name: UnsafePointer<CChar>,
        _ type: UnsafePointer<CChar>, _ domain: UnsafePointer<CChar>
    ) {
        let place = Place(interface: interface, family: family, name: String(cString: name))
        guard resolvers.count < Self.resolverLimit, resolvers[place] == nil else { return }
        resolvers[place] = avahi_service_resolver_new(
            client, interface, family, name, type, domain, family, AvahiLookupFlags(0),
            { _, interface, _, event, name, _, _, _, address, port, text, _, context in
                guard event == AVAHI_RESOLVER_FOUND, let context, let name, let address else { return }
                let session = AvahiSession.from(context)
                guard let host = AvahiSession.host(address, interface) else { return }
                session.tell(
                    .discovered(.found(AvahiText.service(String(cString: name), host: host, port: Int(port), text: text))))
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func forget(_ place: Place) {
        if let resolver = resolvers.removeValue(forKey: place) { avahi_service_resolver_free(resolver) }
        if !resolvers.keys.contains(where: { $0.name == place.name }) { tell(.discovered(.lost(place.name))) }
    }

    private static func host(_ address: UnsafePointer<AvahiAddress>, _ interface: AvahiIfIndex) -> String? {
        var text = [CChar](repeating: 0, count: Int(AVAHI_ADDRESS_STR_MAX))
        guard avahi_address_snprint(&text, text.count, address) != nil else { return nil }
        let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let ip = IPAddress(host), ip.isIPv6, ip.isLinkLocal, interface > 0 else { return host }
        var zone = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(UInt32(interface), &zone) != nil else { return nil }
        return host + "%" + String(decoding: zone.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func text(_ code: Int32) -> String { avahi_strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
